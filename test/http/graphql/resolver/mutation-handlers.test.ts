import t from 'tap'
import type { MutationHandler } from '../../../../src/http/graphql/mutation-run.js'
import type { OperationContext } from '../../../../src/http/graphql/operation-context.js'
import { createMutationHandlers } from '../../../../src/http/graphql/resolver/mutation-handlers.js'
import {
  ALICE,
  type Call,
  createFakeAccounts,
  createFakeSessions,
  END_RESULT,
} from '../../../helpers/http-fakes.js'

const CLIENT = { clientId: 'cookie', userAgent: 'test', address: '127.0.0.1' }

function createHouse(cookies: OperationContext['cookies'] = null) {
  const calls: Call[] = []
  const renewed: string[] = []
  const handlers = createMutationHandlers({
    accounts: createFakeAccounts(calls),
    sessions: createFakeSessions(calls),
    credentials: {
      changePassword: async (...args) => {
        calls.push(['changePassword', ...args])
        return END_RESULT
      },
    },
  })
  const principal = {
    ...{ userId: ALICE.id, role: 'user', sessionId: 'session-1' },
    ...{ clientId: 'client-1', tokenExpiresAt: 0 },
  } as const
  const context = {
    client: CLIENT,
    tab: { id: 'tab-1', clientId: 'client-1', needsToken: false },
    caller: () => ({ principal, failure: null }),
    cookies,
    provedUserIds: new Set<string>(),
    renewed: async (token: string) => void renewed.push(token),
  } as unknown as OperationContext
  const act = (name: string, args: Record<string, unknown> = {}) => {
    const handler = handlers[name] as MutationHandler & {
      act: (...given: unknown[]) => Promise<unknown>
    }
    return handler.act(args, context)
  }
  return { calls, renewed, handlers, context, act }
}

await t.test('a sign-in is of the client of the tab, and of the tab or the browser', async (t) => {
  const { calls, context, act } = createHouse()
  const args = { username: 'alice', password: 'correct-password', remember: true, useCookies: null }
  await act('login', args)
  t.strictSame(calls[0]?.[2], {
    ...{ ...CLIENT, clientId: 'client-1' },
    reach: { kind: 'tab', tabId: 'tab-1' },
  })
  t.ok(context.provedUserIds.has(ALICE.id))
  await t.rejects(act('login', { ...args, useCookies: true }), {
    code: 'FAILED_PRECONDITION',
    reason: 'cookies_unavailable',
  })
  const jar: string[] = []
  const cookies = {
    refreshToken: null,
    set: () => void jar.push('set'),
    clear: () => void jar.push('clear'),
  }
  const browser = createHouse(cookies)
  await browser.act('login', { ...args, useCookies: true })
  t.match(browser.calls[0]?.[2], { reach: { kind: 'browser' } })
  await browser.act('logout')
  t.strictSame(jar, ['set', 'clear'])
  await t.rejects(browser.act('login', { ...args, password: 'x', useCookies: true }), {
    code: 'UNAUTHENTICATED',
    reason: 'credentials_invalid',
  })
  t.equal(jar.length, 2, 'and no cookie for a stranger')
})

await t.test(
  'refresh renews the line; cookies follow, and go when the session is over',
  async (t) => {
    const { renewed, act } = createHouse()
    t.match(await act('refresh', { refreshToken: 'refresh-1' }), { accessToken: 'access-2' })
    t.strictSame(renewed, ['access-2'])
    await t.rejects(act('refresh'), { code: 'UNAUTHENTICATED', reason: 'credentials_missing' })
    const jar: string[] = []
    const withJar = (refreshToken: string) =>
      createHouse({
        refreshToken,
        set: () => void jar.push('set'),
        clear: () => void jar.push('clear'),
      })
    await withJar('refresh-1').act('refresh')
    await t.rejects(withJar('reused').act('refresh'), {
      code: 'UNAUTHENTICATED',
      reason: 'reuse_detected',
    })
    await t.rejects(withJar('old').act('refresh'), {
      code: 'UNAUTHENTICATED',
      reason: 'token_expired',
    })
    await t.rejects(withJar('a').act('refresh', { refreshToken: 'b' }), {
      code: 'INVALID_ARGUMENT',
      reason: 'credentials_ambiguous',
    })
    t.strictSame(jar, ['set', 'clear'])
  },
)

await t.test('the rest goes to its service as it came', async (t) => {
  const { calls, act } = createHouse()
  await act('endSession', { id: 'session-1' })
  await act('endOtherSessions')
  await act('changePassword', { currentPassword: 'a', newPassword: 'b' })
  t.match(calls, [
    ['end', { userId: ALICE.id }, 'session-1'],
    ['endOthers', { userId: ALICE.id }],
    [
      ...['changePassword', { userId: ALICE.id }],
      ...[{ currentPassword: 'a', newPassword: 'b' }, CLIENT.address],
    ],
  ])
})

import t from 'tap'
import { ANYBODY } from '../../../src/grpc/caller.js'
import { sessionOver } from '../../../src/domain/session.js'
import { AppError, unauthenticated } from '../../../src/errors/app-error.js'
import {
  BATCH_TOKENS_MAX,
  createEndHandler,
  createVerifyBatchHandler,
  createVerifyHandler,
} from '../../../src/grpc/handler/session-handler.js'
import type { AuthenticationService } from '../../../src/service/authentication-service.js'
import { PRINCIPAL } from '../harness.js'

const context = { requestId: 'r', caller: ANYBODY, signal: new AbortController().signal }

async function verify(authenticate: AuthenticationService['authenticate']): Promise<unknown> {
  return createVerifyHandler({ authentication: { authenticate } })(
    { accessToken: 'a.b.c' },
    context,
  )
}

await t.test('Verify answers a good token with its principal and expiry', async (t) => {
  const tokens: string[] = []
  const answer = await verify(async (token) => {
    tokens.push(token)
    return PRINCIPAL
  })
  t.strictSame(tokens, ['a.b.c'])
  t.strictSame(answer, {
    active: true,
    principal: {
      userId: 'user-1',
      role: 'admin',
      sessionId: 'session-1',
      clientId: 'client-1',
    },
    expiresAt: { seconds: 1_800_000_000, nanos: 123_000_000 },
  })
})

await t.test('Verify answers a token that is not good with its reason', async (t) => {
  const expired = unauthenticated('token_expired', 'The access token has expired.')
  t.strictSame(await verify(() => Promise.reject(expired)), {
    active: false,
    reason: 'token_expired',
    message: 'The access token has expired.',
  })
  t.strictSame(await verify(() => Promise.reject(sessionOver('ended_by_user'))), {
    active: false,
    reason: 'ended_by_user',
    message: 'This session was ended from another device.',
  })
})

await t.test('Verify fails when nothing can be known', async (t) => {
  const down = new AppError('UNAVAILABLE', 'store_unavailable', 'The store is away.')
  await t.rejects(
    verify(() => Promise.reject(down)),
    down,
  )
  const bug = new TypeError('bug')
  await t.rejects(
    verify(() => Promise.reject(bug)),
    bug,
  )
})

await t.test('VerifyBatch answers in order and asks once for equal tokens', async (t) => {
  const tokens: string[] = []
  const handler = createVerifyBatchHandler({
    authentication: {
      authenticate: async (token) => {
        tokens.push(token)
        if (token === 'good') return PRINCIPAL
        throw unauthenticated('token_expired', 'Over.')
      },
    },
  })
  const accessTokens = ['bad', 'good', 'bad', 'good', 'good']
  const answer = await handler({ accessTokens }, context)
  t.strictSame(
    answer.verdicts?.map(({ active }) => active),
    [false, true, false, true, true],
  )
  t.strictSame(tokens, ['bad', 'good'])
  for (const count of [0, BATCH_TOKENS_MAX + 1]) {
    const many = Array.from({ length: count }, (_, index) => String(index))
    await t.rejects(async () => handler({ accessTokens: many }, context), {
      code: 'INVALID_ARGUMENT',
      details: [{ path: 'access_tokens' }],
    })
  }
})

await t.test('VerifyBatch fails as a whole when nothing can be known of one', async (t) => {
  const down = new AppError('UNAVAILABLE', 'store_unavailable', 'Away.')
  const handler = createVerifyBatchHandler({
    authentication: {
      authenticate: (token) => (token === 'a' ? Promise.resolve(PRINCIPAL) : Promise.reject(down)),
    },
  })
  await t.rejects(async () => handler({ accessTokens: ['a', 'b'] }, context), down)
})

await t.test('End ends for a service with its reason, and for a user without one', async (t) => {
  const asked: unknown[] = []
  const result = { ended: 2, connectionsClosed: 3, processes: { asked: 4, answered: 1 } }
  const handler = createEndHandler({
    sessionTerminator: {
      endForService: async (...request) => {
        asked.push(['service', ...request])
        return result
      },
      endForUser: async ({ userId }, target) => {
        asked.push(['user', userId, target])
        return result
      },
    },
  })
  const user = { kind: 'user', principal: PRINCIPAL, accessToken: 'token' } as const
  t.strictSame(await handler({ userId: 'ann', reason: 'user_frozen' }, context), {
    ...{ ended: 2, connectionsClosed: 3, processesAsked: 4, processesAnswered: 1 },
  })
  await handler({ sessionId: 's', reason: '' }, { ...context, caller: user })
  t.strictSame(asked, [
    ['service', { userId: 'ann' }, 'user_frozen'],
    ['user', 'user-1', { sessionId: 's' }],
  ])
  const wrong = (path: string) => ({ code: 'INVALID_ARGUMENT', details: [{ path }] })
  const withReason = { sessionId: 's', reason: 'user_frozen' }
  await t.rejects(async () => handler(withReason, { ...context, caller: user }), wrong('reason'))
  for (const target of [
    {},
    { sessionId: '' },
    { userId: '' },
    { sessionId: 's', userId: 'u' },
    { sessionId: 's'.repeat(257) },
  ]) {
    await t.rejects(async () => handler({ ...target, reason: '' }, context), wrong('target'))
  }
})

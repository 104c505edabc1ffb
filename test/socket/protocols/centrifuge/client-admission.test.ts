import t from 'tap'
import type { EndedSession } from '../../../../src/domain/session.js'
import {
  ANONYMOUS,
  type CentrifugeDeps,
} from '../../../../src/socket/protocols/centrifuge/centrifuge-deps.js'
import { identify, renew } from '../../../../src/socket/protocols/centrifuge/client-admission.js'
import type { ClientLine } from '../../../../src/socket/client-line.js'
import { createFakeAuthentication, createFakeSessionHandles } from '../../socket-server.js'

function setUp() {
  const authentication = createFakeAuthentication()
  authentication.grant('token', { userId: 'ann', sessionId: 's1', tokenExpiresAt: 5 })
  const sessionHandles = createFakeSessionHandles()
  const ended: EndedSession[] = []
  let isOpen = true
  const applicant = {
    line: { isOpen: () => isOpen } as ClientLine,
    credential: null,
    onAttached: () => {},
    onSessionEnded: (session: EndedSession) => ended.push(session),
  }
  const deps = { authentication, sessionHandles } as unknown as CentrifugeDeps
  return { authentication, sessionHandles, ended, applicant, deps, close: () => (isOpen = false) }
}

await t.test('a token is checked on both sides of the handle of its session', async (t) => {
  const { authentication, sessionHandles, ended, applicant, deps } = setUp()
  const identity = await identify(deps, { anonymous: false }, applicant, { token: 'token' })
  t.strictSame(identity, { userId: 'ann', sessionId: 's1', role: 'user', expiresAt: 5 })
  t.strictSame(authentication.calls, ['token', 'token'])
  const end = { id: 's1', userId: 'ann', reason: 'logged_out' } as const
  sessionHandles.end([end])
  t.strictSame(ended, [end])
})

await t.test('without a token only strangers get in, where they may', async (t) => {
  const { applicant, deps, close } = setUp()
  t.equal(await identify(deps, { anonymous: true }, applicant, {}), ANONYMOUS)
  await t.rejects(identify(deps, { anonymous: false }, applicant, {}), {
    message: 'unauthorized',
  } as object as Error)
  const withCookie = { ...applicant, credential: 'token' }
  t.match(await identify(deps, { anonymous: true }, withCookie, {}), { userId: 'ann' })
  close()
  t.equal(await identify(deps, { anonymous: false }, applicant, { token: 'token' }), ANONYMOUS)
})

await t.test('a renewal is of the same session', async (t) => {
  const { authentication, deps } = setUp()
  const identity = { userId: 'ann', sessionId: 's1', role: 'user', expiresAt: 1 } as const
  t.match(await renew(deps, identity, { token: 'token' }), { expiresAt: 5 })
  authentication.grant('other', { userId: 'ann', sessionId: 's2' })
  await t.rejects(renew(deps, identity, { token: 'other' }), {
    code: 'UNAUTHENTICATED',
    reason: 'token_foreign',
  })
})

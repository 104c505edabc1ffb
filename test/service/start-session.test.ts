import t from 'tap'
import { createSessionHouse, LAPTOP, PHONE, SHORT_IDLE_SECONDS } from '../helpers/session-house.js'

await t.test('a session tells how it was started, and by what', async (t) => {
  const { sessions, user, sessionStore, clock, authenticate } = createSessionHouse()
  const options = { method: 'oauth:github', remember: false } as const
  const signIn = await sessions.start(user, options, PHONE)
  t.match(await authenticate(signIn.accessToken), { userId: user.id, clientId: 'phone' })
  const check = await sessionStore.check(signIn.sessionId, clock.now())
  t.match(check, {
    alive: true,
    session: {
      ...PHONE,
      userId: user.id,
      method: 'oauth:github',
      idleExpiresAt: clock.now() + SHORT_IDLE_SECONDS * 1000,
    },
  })
})

await t.test('a session of any method gives way under the policy', async (t) => {
  const { sessions, user, login, authenticate, auditLog } = createSessionHouse({ mode: 'single' })
  const first = await login(LAPTOP)
  await sessions.start(user, { method: 'oauth:sso', remember: true }, PHONE)
  await t.rejects(authenticate(first.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'signed_in_elsewhere',
  })
  const types = auditLog.events.map(({ type }) => type)
  t.same(types, ['session.started', 'session.started', 'session.ended'])
})

await t.test('a session over the limit is refused, and not written down', async (t) => {
  const policy = { mode: 'limit', limit: 1, onLimit: 'refuse' } as const
  const { sessions, user, login, auditLog } = createSessionHouse(policy)
  await login(LAPTOP)
  await t.rejects(sessions.start(user, { method: 'oauth:sso', remember: true }, PHONE), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'session_limit',
  })
  t.equal(auditLog.events.length, 1)
})

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

await t.test(
  'a session that was started while its user was frozen or deleted is over',
  async (t) => {
    for (const [reason, change] of [
      ['user_frozen', { state: 'frozen' }],
      ['user_deleted', null],
    ] as const) {
      const { sessions, user, users, sessionStore, broker, clock } = createSessionHouse()
      const create = sessionStore.create.bind(sessionStore)
      let sessionId = ''
      sessionStore.create = async (session, policy) => {
        sessionId = session.id
        const tx = { afterCommit: () => undefined }
        await (change ? users.update(tx, user.id, change) : users.delete(tx, user.id))
        return create(session, policy)
      }
      const started = sessions.start(user, { method: 'oauth:sso', remember: true }, PHONE)
      await t.rejects(started, { code: 'UNAUTHENTICATED', reason })
      t.strictSame(await sessionStore.check(sessionId, clock.now()), { alive: false, reason })
      t.notOk(
        broker.asked.some(
          ({ kind, request }) =>
            kind === 'auth_changed' && JSON.stringify(request).includes('signed_in'),
        ),
        'no tab hears of a sign-in',
      )
    }
  },
)

await t.test('a password that changes takes nothing from a sign-in by a provider', async (t) => {
  const { sessions, user, users, authenticate, sessionStore } = createSessionHouse()
  const create = sessionStore.create.bind(sessionStore)
  sessionStore.create = async (session, policy) => {
    await users.update({ afterCommit: () => undefined }, user.id, { passwordHash: 'hash:new' })
    return create(session, policy)
  }
  const signIn = await sessions.start(user, { method: 'oauth:sso', remember: true }, PHONE)
  t.match(await authenticate(signIn.accessToken), { userId: user.id })
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

import t from 'tap'
import type { AuthChange } from '../../src/domain/auth-change.js'
import {
  ABSOLUTE_SECONDS,
  ACCESS_SECONDS,
  createSessionHouse,
  IDLE_SECONDS,
  LAPTOP,
  PHONE,
  SHORT_IDLE_SECONDS,
  THROTTLE_RULES,
} from '../helpers/session-house.js'

const INVALID = {
  code: 'UNAUTHENTICATED',
  reason: 'credentials_invalid',
  message: 'The name or the password is wrong.',
  details: [],
}

await t.test('login gives tokens, a session and an audit event', async (t) => {
  const house = createSessionHouse()
  const signIn = await house.login()
  t.match(signIn.sessionId, /^[\w-]{22}$/)
  t.equal(signIn.expiresInSeconds, ACCESS_SECONDS)
  t.equal(signIn.refreshExpiresInSeconds, ABSOLUTE_SECONDS)
  t.strictSame(signIn.user, house.user)
  t.match(await house.authenticate(signIn.accessToken), {
    userId: 'user-1',
    role: 'user',
    sessionId: signIn.sessionId,
    clientId: 'laptop',
  })
  t.strictSame(house.auditLog.events, [
    {
      type: 'session.started',
      at: house.clock.now(),
      actorId: 'user-1',
      userId: 'user-1',
      sessionId: signIn.sessionId,
      address: '192.0.2.1',
      data: { method: 'password', remember: true, clientId: 'laptop' },
    },
  ])
  t.not((await house.login()).sessionId, signIn.sessionId)
})

await t.test('login takes the username or the e-mail address in any case', async (t) => {
  const house = createSessionHouse()
  for (const login of ['ada', 'ADA', 'ada@example.com', 'Ada@Example.COM']) {
    await t.resolves(
      house.sessions.login({ login, password: 'correct horse', remember: true }, LAPTOP),
      login,
    )
  }
})

await t.test('login takes one password typed in two ways', async (t) => {
  const house = createSessionHouse()
  house.users.add({ id: 'user-2', username: 'eve', passwordHash: 'hash:caf\u00e9 au lait' })
  const typed = { login: 'eve', password: 'cafe\u0301 au lait', remember: true }
  await t.resolves(house.sessions.login(typed, LAPTOP))
})

await t.test('login answers and works the same for every failure', async (t) => {
  const house = createSessionHouse()
  const { users, passwordHasher, auditLog } = house
  users.add({ id: 'user-2', username: 'frozen', state: 'frozen', passwordHash: 'hash:password' })
  users.add({ id: 'user-3', username: 'oauth' })
  const attempts: [string, string, string, string | null][] = [
    ['wrong password', 'ada', 'wrong password', 'user-1'],
    ['unknown user', 'nobody', 'correct horse', null],
    ['unknown address', 'nobody@example.com', 'correct horse', null],
    ['frozen, right password', 'frozen', 'password', 'user-2'],
    ['frozen, wrong password', 'frozen', 'passwort', 'user-2'],
    ['without a password', 'oauth', 'password', 'user-3'],
    ['malformed name', "x' OR 1=1 --", 'correct horse', null],
    ['empty name', '', 'correct horse', null],
    ['look-alike name', '\u0430da', 'correct horse', null],
    ['huge name', 'x'.repeat(1_000_000), 'correct horse', null],
    ['short password', 'ada', 'short', 'user-1'],
    ['empty password', 'ada', '', 'user-1'],
    ['password that grows over the limit', 'ada', '\ufdfa'.repeat(300), 'user-1'],
  ]
  for (const [what, login, password, userId] of attempts) {
    const before = { hashes: passwordHasher.verified.length, lookups: users.lookups.length }
    auditLog.events.length = 0
    await t.rejects(
      house.sessions.login({ login, password, remember: true }, LAPTOP),
      INVALID,
      what,
    )
    t.equal(passwordHasher.verified.length - before.hashes, 1, `${what}: one hash`)
    t.equal(users.lookups.length - before.lookups, 1, `${what}: one look-up`)
    t.strictSame(
      auditLog.events,
      [
        {
          type: 'login.failed',
          at: house.clock.now(),
          actorId: null,
          userId,
          sessionId: null,
          address: '192.0.2.1',
          data: { clientId: 'laptop' },
        },
      ],
      `${what}: one event`,
    )
  }
  t.equal(house.sessionStore.calls.create, 0)
  t.strictSame(house.broker.asked, [])
})

await t.test('login never hashes for a success more or less than for a failure', async (t) => {
  const house = createSessionHouse()
  await house.login()
  t.strictSame(house.passwordHasher.verified, [
    { hash: 'hash:correct horse', password: 'correct horse' },
  ])
})

await t.test('login refuses a huge password before any work', async (t) => {
  const house = createSessionHouse()
  for (const password of ['x'.repeat(1025), 'ü'.repeat(513), 'x'.repeat(1_048_576)]) {
    await t.rejects(house.sessions.login({ login: 'ada', password, remember: true }, LAPTOP), {
      code: 'INVALID_ARGUMENT',
      reason: 'invalid_argument',
      message: 'A password has at most 1024 bytes.',
      details: [{ path: 'password', message: 'A password has at most 1024 bytes.' }],
    })
  }
  t.strictSame(house.users.lookups, [])
  t.strictSame(house.passwordHasher.verified, [])
})

await t.test('login gives a session that is not remembered a shorter idle time', async (t) => {
  const house = createSessionHouse()
  for (const [remember, idleSeconds] of [
    [true, IDLE_SECONDS],
    [false, SHORT_IDLE_SECONDS],
  ] as const) {
    const { accessToken, sessionId } = await house.login(LAPTOP, remember)
    const { session } = await house.sessions.current(await house.authenticate(accessToken))
    t.equal(session.id, sessionId)
    t.equal(session.idleExpiresAt, house.clock.now() + idleSeconds * 1000)
    t.equal(session.expiresAt, house.clock.now() + ABSOLUTE_SECONDS * 1000)
  }
})

await t.test('login displaces the other sessions under the single policy', async (t) => {
  const house = createSessionHouse({ mode: 'single' })
  const first = await house.login()
  const closed: unknown[] = []
  house.otherHandles.attach(first.sessionId, { end: (ended) => closed.push(ended.reason) })
  const second = await house.login(PHONE)
  t.strictSame(closed, ['signed_in_elsewhere'])
  await t.rejects(house.authenticate(first.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'signed_in_elsewhere',
  })
  await t.rejects(house.sessions.refresh(first.refreshToken, LAPTOP), {
    code: 'UNAUTHENTICATED',
    reason: 'signed_in_elsewhere',
  })
  await t.resolves(house.authenticate(second.accessToken))
  t.strictSame(
    house.auditLog.events.map(({ type, sessionId }) => [type, sessionId]),
    [
      ['session.started', first.sessionId],
      ['session.started', second.sessionId],
      ['session.ended', first.sessionId],
    ],
  )
})

await t.test('login is refused when the policy says so', async (t) => {
  const house = createSessionHouse({ mode: 'limit', limit: 1, onLimit: 'refuse' })
  const first = await house.login()
  await t.rejects(house.login(PHONE), { code: 'RESOURCE_EXHAUSTED', reason: 'session_limit' })
  await t.resolves(house.authenticate(first.accessToken))
})

await t.test('login is done when the audit log and the broker are away', async (t) => {
  const house = createSessionHouse({ mode: 'single' })
  await house.login()
  house.auditLog.setDown(true)
  house.broker.setDown(true)
  const second = await house.login(PHONE)
  await t.resolves(house.authenticate(second.accessToken))
  const messages = house.logger.lines.map((line) => line.message)
  t.strictSame(messages, [
    'cannot write an audit event',
    'cannot tell that sessions ended',
    'cannot write an audit event',
    'cannot tell the open tabs of a change',
  ])
})

await t.test('login tells the tabs that it belongs to', async (t) => {
  const house = createSessionHouse()
  const told: AuthChange[] = []
  house.observers.watchUser('user-1', (change) => told.push(change))
  await house.login()
  await house.login({ ...LAPTOP, reach: { kind: 'browser' } } as typeof LAPTOP)
  await house.login({ ...LAPTOP, reach: { kind: 'tab', tabId: 'tab-1' } } as typeof LAPTOP)
  // Both processes of the house share the observers, so each change is told twice.
  const changes = told.filter((_change, index) => index % 2 === 0)
  t.match(changes, [
    { type: 'sessions_changed', userId: 'user-1' },
    { type: 'signed_in', clientId: 'laptop', tabId: null, userId: 'user-1' },
    { type: 'signed_in', clientId: 'laptop', tabId: 'tab-1', userId: 'user-1' },
  ])
})

await t.test('login leaves no secret in the log and the audit log', async (t) => {
  const house = createSessionHouse()
  const { accessToken, refreshToken } = await house.login()
  await t.rejects(
    house.sessions.login(
      { login: 'hunter2hunter2', password: 'my-secret', remember: true },
      LAPTOP,
    ),
  )
  const written = JSON.stringify([house.auditLog.events, house.logger.lines])
  for (const secret of [accessToken, refreshToken, 'correct horse', 'my-secret', 'hunter2']) {
    t.notOk(written.includes(secret))
  }
})

await t.test('login is throttled by name before anything is looked up or hashed', async (t) => {
  const house = createSessionHouse()
  const attempt = (login: string, clientId: string) =>
    house.sessions.login(
      { login, password: 'wrong password', remember: true },
      {
        ...LAPTOP,
        clientId,
      },
    )
  await house.login(PHONE)
  for (const login of ['ada', 'nobody']) {
    for (let index = 0; index < THROTTLE_RULES.accountFailuresMax; index += 1) {
      await t.rejects(attempt(login, `stranger-${index}`), INVALID)
    }
    const before = [house.passwordHasher.verified.length, house.users.lookups.length]
    await t.rejects(attempt(login, 'stranger'), {
      code: 'RESOURCE_EXHAUSTED',
      reason: 'too_many_attempts',
      retryAfterSeconds: THROTTLE_RULES.windowSeconds,
    })
    t.same([house.passwordHasher.verified.length, house.users.lookups.length], before, login)
  }
  await t.rejects(house.login(LAPTOP), { code: 'RESOURCE_EXHAUSTED', reason: 'too_many_attempts' })
  await t.resolves(house.login(PHONE), 'the browser that signed in before is not locked out')
})

await t.test('login that the policy refuses leaves no session and no failure behind', async (t) => {
  const house = createSessionHouse({ mode: 'limit', limit: 1, onLimit: 'refuse' })
  await house.login()
  await t.rejects(house.login(PHONE), { code: 'RESOURCE_EXHAUSTED', reason: 'session_limit' })
  t.notOk(house.auditLog.events.some(({ type }) => type === 'login.failed'))
})

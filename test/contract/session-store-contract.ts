import type { Test } from 'tap'
import type { EndedSession, SessionPolicy, SessionStore } from '../../src/domain/session.js'
import { DAY, MINUTE, sampleSession, T0, UNLIMITED, rotation } from './sample-session.js'
import { checkRaces, checkRotation } from './session-rotation-contract.js'

const ids = (sessions: readonly { id: string }[]): string[] => sessions.map(({ id }) => id)

/**
 * What every implementation of the port promises. `open` gives an empty store; `forgetsByItself` is for one
 * whose entries expire by the clock of a server, so that nothing is left to delete.
 */
export async function checkSessionStore(
  t: Test,
  open: (t: Test) => Promise<SessionStore>,
  { forgetsByItself = false }: { readonly forgetsByItself?: boolean } = {},
): Promise<void> {
  await t.test('check gives back what create stored', async (t) => {
    const store = await open(t)
    const { refreshHash, keyId, ...session } = sampleSession({ method: 'oauth:github' })
    t.strictSame(await store.create({ ...session, refreshHash, keyId }, UNLIMITED), [])
    t.strictSame(await store.check(session.id, T0), { alive: true, session })
    t.strictSame(await store.check('nobody', T0), { alive: false, reason: null })
  })

  await t.test('check tells an idle session from one past its absolute end', async (t) => {
    const store = await open(t)
    const idle = sampleSession()
    const absolute = sampleSession({ idleExpiresAt: T0 + 2 * DAY })
    await store.create(idle, UNLIMITED)
    await store.create(absolute, UNLIMITED)
    t.match(await store.check(idle.id, idle.idleExpiresAt - 1), { alive: true })
    const timedOut = { alive: false, reason: 'idle_timeout' }
    t.strictSame(await store.check(idle.id, idle.idleExpiresAt), timedOut)
    t.strictSame(await store.check(idle.id, idle.expiresAt + 1), timedOut)
    t.match(await store.check(absolute.id, absolute.expiresAt - 1), { alive: true })
    t.strictSame(await store.check(absolute.id, absolute.expiresAt), {
      alive: false,
      reason: 'expired',
    })
  })

  await t.test('forget changes nothing but where the next check looks', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    await store.check(session.id, T0)
    store.forget([session.id, 'nobody'])
    t.match(await store.check(session.id, T0), { alive: true })
    await store.end({ by: 'session', sessionId: session.id }, 'logged_out', T0)
    store.forget([session.id])
    t.strictSame(await store.check(session.id, T0), { alive: false, reason: 'logged_out' })
  })

  await t.test('create refuses an id that is in use', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    await t.rejects(store.create(session, UNLIMITED), { code: 'INTERNAL', reason: 'internal' })
  })

  await checkPolicies(t, open)
  await checkRotation(t, open)
  await checkTouch(t, open)
  await checkEnding(t, open)
  await checkListing(t, open)
  if (!forgetsByItself) await checkForgetting(t, open)
  await checkRaces(t, open)
}

type Open = (t: Test) => Promise<SessionStore>

async function checkPolicies(t: Test, open: Open): Promise<void> {
  await t.test('single lets the latest sign-in win and tells the others why', async (t) => {
    const store = await open(t)
    const [first, second, other] = [
      sampleSession(),
      sampleSession(),
      sampleSession({ userId: 'u' }),
    ]
    await store.create(first, { mode: 'single' })
    await store.create(other, { mode: 'single' })
    t.strictSame(await store.create(second, { mode: 'single' }), [
      { id: first.id, userId: 'user-1', reason: 'signed_in_elsewhere' },
    ])
    t.strictSame(await store.check(first.id, T0), { alive: false, reason: 'signed_in_elsewhere' })
    t.match(await store.check(second.id, T0), { alive: true })
    t.match(await store.check(other.id, T0), { alive: true }, 'another user is not concerned')
  })

  await t.test('limit with evict-oldest ends the oldest first', async (t) => {
    const store = await open(t)
    const policy: SessionPolicy = { mode: 'limit', limit: 2, onLimit: 'evict-oldest' }
    const sessions = [3, 1, 2].map((minute) => sampleSession({ createdAt: T0 + minute }))
    for (const session of sessions) await store.create(session, UNLIMITED)
    const newest = sampleSession({ createdAt: T0 + 4 })
    t.strictSame(await store.create(newest, policy), [
      { id: sessions[1]?.id, userId: 'user-1', reason: 'session_limit' },
      { id: sessions[2]?.id, userId: 'user-1', reason: 'session_limit' },
    ])
    t.strictSame(ids(await store.listByUser('user-1', T0 + 4)), [newest.id, sessions[0]?.id])
  })

  await t.test('limit with evict-oldest goes by order of arrival in one millisecond', async (t) => {
    const store = await open(t)
    const policy: SessionPolicy = { mode: 'limit', limit: 1, onLimit: 'evict-oldest' }
    const sessions = [sampleSession(), sampleSession(), sampleSession()]
    const ended: EndedSession[] = []
    for (const session of sessions) ended.push(...(await store.create(session, policy)))
    t.strictSame(ids(ended), ids(sessions.slice(0, 2)))
  })

  await t.test('limit with refuse stores nothing over the limit', async (t) => {
    const store = await open(t)
    const policy: SessionPolicy = { mode: 'limit', limit: 1, onLimit: 'refuse' }
    const [first, second] = [sampleSession(), sampleSession()]
    t.strictSame(await store.create(first, policy), [])
    await t.rejects(store.create(second, policy), {
      code: 'RESOURCE_EXHAUSTED',
      reason: 'session_limit',
    })
    t.strictSame(await store.check(second.id, T0), { alive: false, reason: null })
    t.match(await store.check(first.id, T0), { alive: true })
  })

  await t.test('a session that is over does not count', async (t) => {
    const store = await open(t)
    const policy: SessionPolicy = { mode: 'limit', limit: 1, onLimit: 'refuse' }
    const first = sampleSession()
    await store.create(first, policy)
    const later = sampleSession({
      createdAt: first.idleExpiresAt,
      idleExpiresAt: first.idleExpiresAt + MINUTE,
    })
    t.strictSame(await store.create(later, policy), [])
    t.strictSame(await store.check(first.id, later.createdAt), {
      alive: false,
      reason: 'idle_timeout',
    })
  })
}

async function checkTouch(t: Test, open: Open): Promise<void> {
  await t.test('touch moves forward, never back, never past the absolute end', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    await store.touch(session.id, T0 + MINUTE, T0 + 90 * MINUTE)
    const moved = { lastSeenAt: T0 + MINUTE, idleExpiresAt: T0 + 90 * MINUTE }
    t.match(await store.check(session.id, T0), { session: moved })
    await store.touch(session.id, T0, T0 + 30 * MINUTE)
    t.match(await store.check(session.id, T0), { session: moved })
    await store.touch(session.id, T0 + MINUTE, session.expiresAt + 1)
    t.match(await store.check(session.id, T0), { session: { idleExpiresAt: session.expiresAt } })
  })

  await t.test('touch does not bring back a session that is over', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    await store.touch(session.id, session.idleExpiresAt, session.idleExpiresAt + MINUTE)
    t.match(await store.check(session.id, session.idleExpiresAt), { reason: 'idle_timeout' })
    await store.end({ by: 'session', sessionId: session.id }, 'logged_out', T0)
    await store.touch(session.id, T0 + 1, T0 + MINUTE)
    t.match(await store.check(session.id, T0), { alive: false, reason: 'logged_out' })
    await store.touch('nobody', T0, T0 + MINUTE)
    t.match(await store.check('nobody', T0), { alive: false })
  })
}

async function checkEnding(t: Test, open: Open): Promise<void> {
  await t.test('end ends one session, once, and only of the user named', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    const selector = { by: 'session', sessionId: session.id } as const
    t.strictSame(await store.end({ ...selector, userId: 'other' }, 'ended_by_user', T0), [])
    t.match(await store.check(session.id, T0), { alive: true })
    t.strictSame(await store.end({ ...selector, userId: 'user-1' }, 'ended_by_user', T0), [
      { id: session.id, userId: 'user-1', reason: 'ended_by_user' },
    ])
    t.strictSame(await store.end(selector, 'ended_by_admin', T0), [])
    t.strictSame(await store.check(session.id, T0), { alive: false, reason: 'ended_by_user' })
  })

  await t.test('end ends all sessions of a user, but the excepted one', async (t) => {
    const store = await open(t)
    const mine = [sampleSession(), sampleSession(), sampleSession()]
    const other = sampleSession({ userId: 'user-2' })
    for (const session of [...mine, other]) await store.create(session, UNLIMITED)
    const exceptSessionId = mine[1]?.id ?? ''
    const ended = await store.end(
      { by: 'user', userId: 'user-1', exceptSessionId },
      'password_changed',
      T0,
    )
    t.same(ids(ended).sort(), [mine[0]?.id, mine[2]?.id].sort())
    t.strictSame(ids(await store.listByUser('user-1', T0)), [exceptSessionId])
    t.match(await store.end({ by: 'user', userId: 'user-1' }, 'user_frozen', T0), [
      { id: exceptSessionId, reason: 'user_frozen' },
    ])
    t.match(await store.check(other.id, T0), { alive: true })
    t.strictSame(await store.end({ by: 'user', userId: 'user-1' }, 'user_frozen', T0), [])
  })

  await t.test('end ends the sessions of a user on one client', async (t) => {
    const store = await open(t)
    const laptop = [sampleSession({ clientId: 'laptop' }), sampleSession({ clientId: 'laptop' })]
    const phone = sampleSession({ clientId: 'phone' })
    const other = sampleSession({ clientId: 'laptop', userId: 'user-2' })
    for (const session of [...laptop, phone, other]) await store.create(session, UNLIMITED)
    const selector = { by: 'client', userId: 'user-1', clientId: 'laptop' } as const
    const ended = await store.end(selector, 'ended_by_user', T0)
    t.same(ids(ended).sort(), ids(laptop).sort())
    t.strictSame(ids(await store.listByUser('user-1', T0)), [phone.id])
    t.match(await store.check(other.id, T0), { alive: true })
    t.strictSame(await store.end(selector, 'ended_by_user', T0), [])
  })

  await t.test('end ends what a key signed last, over all users', async (t) => {
    const store = await open(t)
    const mine = sampleSession({ keyId: 'burned' })
    const yours = sampleSession({ keyId: 'burned', userId: 'user-2' })
    const moved = sampleSession({ keyId: 'burned' })
    const came = sampleSession({ keyId: 'good' })
    const idle = sampleSession({ keyId: 'burned', idleExpiresAt: T0 + 1 })
    for (const session of [mine, yours, moved, came, idle]) await store.create(session, UNLIMITED)
    await store.rotate(rotation(moved.id, { nextKeyId: 'good' }))
    await store.rotate(rotation(came.id, { nextKeyId: 'burned' }))
    const now = T0 + 2 * MINUTE
    const ended = await store.end({ by: 'key', keyId: 'burned' }, 'key_burned', now)
    t.same(ids(ended).sort(), ids([mine, yours, came]).sort())
    t.same(new Set(ended.map(({ userId }) => userId)), new Set(['user-1', 'user-2']))
    t.strictSame(await store.check(yours.id, now), { alive: false, reason: 'key_burned' })
    t.match(await store.check(moved.id, now), { alive: true })
    t.strictSame(await store.check(idle.id, now), { alive: false, reason: 'idle_timeout' })
    t.strictSame(await store.end({ by: 'key', keyId: 'burned' }, 'key_burned', now), [])
    t.strictSame(await store.end({ by: 'key', keyId: 'nobody' }, 'key_burned', now), [])
  })

  await t.test('end leaves alone what is over by itself', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    const now = session.idleExpiresAt
    const selector = { by: 'session', sessionId: session.id } as const
    t.strictSame(await store.end(selector, 'logged_out', now), [])
    t.strictSame(await store.end({ by: 'user', userId: 'user-1' }, 'logged_out', now), [])
    t.strictSame(await store.check(session.id, now), { alive: false, reason: 'idle_timeout' })
  })
}

async function checkListing(t: Test, open: Open): Promise<void> {
  await t.test('listByUser gives the live sessions of a user, newest first', async (t) => {
    const store = await open(t)
    const sessions = [2, 3, 1].map((ms) => sampleSession({ createdAt: T0 + ms }))
    const over = sampleSession({ idleExpiresAt: T0 + MINUTE })
    const other = sampleSession({ userId: 'user-2' })
    for (const session of [...sessions, over, other]) await store.create(session, UNLIMITED)
    const listed = await store.listByUser('user-1', T0 + MINUTE)
    t.strictSame(ids(listed), [sessions[1]?.id, sessions[0]?.id, sessions[2]?.id])
    t.notOk(
      listed.some((session) => 'refreshHash' in session),
      'no token material',
    )
    t.strictSame(await store.listByUser('nobody', T0), [])
  })

  await t.test('listByUsers gives each user what listByUser gives', async (t) => {
    const store = await open(t)
    for (const [id, userId, at] of [
      ['a1', 'user-1', 0],
      ['b1', 'user-2', 1],
      ['a2', 'user-1', 2],
    ] as const) {
      await store.create(sampleSession({ id, userId, createdAt: T0 + at }), UNLIMITED)
    }
    const lists = await store.listByUsers(['user-1', 'user-2', 'nobody', 'user-1'], T0 + 10)
    t.strictSame([...lists.keys()].sort(), ['user-1', 'user-2'])
    for (const [userId, list] of lists) {
      t.strictSame(list, await store.listByUser(userId, T0 + 10), userId)
    }
    t.strictSame(ids(lists.get('user-1') ?? []), ['a2', 'a1'])
    t.equal((await store.listByUsers([], T0)).size, 0)
  })

  await t.test('listByUser gives at most 1,000', async (t) => {
    const store = await open(t)
    const many = Array.from({ length: 1001 }, (_, ms) => sampleSession({ createdAt: T0 + ms }))
    await Promise.all(many.map((session) => store.create(session, UNLIMITED)))
    const listed = await store.listByUser('user-1', T0 + 2000)
    t.equal(listed.length, 1000)
    t.equal(listed[0]?.id, many[1000]?.id)
  })

  await t.test('findOver names those that are over, with their reasons', async (t) => {
    const store = await open(t)
    const [alive, ended] = [sampleSession(), sampleSession()]
    const idle = sampleSession({ idleExpiresAt: T0 + MINUTE })
    const absolute = sampleSession({ idleExpiresAt: T0 + MINUTE, expiresAt: T0 + MINUTE })
    for (const session of [alive, ended, idle, absolute]) await store.create(session, UNLIMITED)
    await store.end({ by: 'session', sessionId: ended.id }, 'ended_by_admin', T0)
    const asked = [alive.id, ended.id, idle.id, absolute.id, 'nobody', ended.id]
    const over = await store.findOver(asked, T0 + MINUTE)
    t.same(
      new Set(over.map(({ id, userId, reason }) => `${id} ${userId} ${reason}`)),
      new Set([
        `${ended.id} user-1 ended_by_admin`,
        `${idle.id} user-1 idle_timeout`,
        `${absolute.id} user-1 expired`,
        'nobody  expired',
      ]),
    )
    t.equal(over.length, 4, 'each once')
    t.strictSame(await store.findOver([], T0), [])
  })

  await t.test('findOver takes thousands of ids in one go', async (t) => {
    const store = await open(t)
    const sessions = Array.from({ length: 20 }, () => sampleSession())
    await Promise.all(sessions.map((session) => store.create(session, UNLIMITED)))
    const strangers = Array.from({ length: 5000 }, (_, index) => `stranger-${index}`)
    const over = await store.findOver([...ids(sessions), ...strangers], T0)
    t.same(new Set(ids(over)), new Set(strangers))
  })
}

async function checkForgetting(t: Test, open: Open): Promise<void> {
  await t.test('deleteExpired removes what is over and remembers why for a day', async (t) => {
    const store = await open(t)
    const idle = sampleSession()
    const absolute = sampleSession({ idleExpiresAt: T0 + DAY })
    const alive = sampleSession({ idleExpiresAt: T0 + 9 * DAY, expiresAt: T0 + 9 * DAY })
    for (const session of [idle, absolute, alive]) await store.create(session, UNLIMITED)
    t.equal(await store.deleteExpired(T0 + DAY - 1, 100), 1)
    t.equal(await store.deleteExpired(T0 + DAY, 100), 1)
    t.equal(await store.deleteExpired(T0 + DAY, 100), 0)
    t.match(await store.check(idle.id, T0), { alive: false, reason: 'idle_timeout' })
    t.match(await store.check(absolute.id, T0), { alive: false, reason: 'expired' })
    t.equal(await store.deleteExpired(idle.idleExpiresAt + DAY - 1, 100), 0)
    t.equal(await store.deleteExpired(idle.idleExpiresAt + DAY, 100), 1)
    t.strictSame(await store.check(idle.id, T0), { alive: false, reason: null })
    t.match(await store.check(alive.id, T0), { alive: true })
  })

  await t.test('deleteExpired stops at its limit', async (t) => {
    const store = await open(t)
    const sessions = Array.from({ length: 5 }, () => sampleSession())
    for (const session of sessions) await store.create(session, UNLIMITED)
    const now = T0 + 3 * DAY
    t.equal(await store.deleteExpired(now, 3), 3)
    t.equal(await store.deleteExpired(now, 3), 3, 'two sessions and one old reason')
    t.equal(await store.deleteExpired(now, 100), 4)
    t.equal(await store.deleteExpired(now, 100), 0)
  })
}

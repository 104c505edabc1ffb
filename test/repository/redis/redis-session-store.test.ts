import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { createRedisSessionStore } from '../../../src/repository/redis/redis-session-store.js'
import type { NewSession, SessionPolicy, SessionStore } from '../../../src/domain/session.js'
import { openTestRedis, startRedisProxy } from '../../app/redis/redis-fixture.js'
import { startRedis, startRedisCluster } from '../../helpers/server/redis.js'
import { commandCalls } from '../../helpers/server/redis-command.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { checkSessionStore } from '../../contract/session-store-contract.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { waitFor } from '../../helpers/wait-for.js'

const skip = skipUnless('redis')
const UNLIMITED: SessionPolicy = { mode: 'unlimited' }
const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'session_store_unavailable' }
const HOUR_MS = 3_600_000

function newSession(overrides: Partial<NewSession> = {}): NewSession {
  const now = Date.now()
  return {
    id: randomUUID(),
    userId: 'user-1',
    clientId: 'client-1',
    method: 'password',
    userAgent: 'Browser/1.0',
    address: '192.0.2.1',
    createdAt: now,
    lastSeenAt: now,
    idleExpiresAt: now + HOUR_MS,
    expiresAt: now + 24 * HOUR_MS,
    refreshHash: 'hash-0',
    keyId: 'key-0',
    ...overrides,
  }
}

/** The store of one process. */
async function openProcess(
  t: Test,
  urls: readonly string[],
  keyPrefix = 'test:',
): Promise<SessionStore> {
  const redis = openTestRedis(t, { urls })
  const store = createRedisSessionStore({ redis, keyPrefix, logger: redis.logger })
  await redis.start()
  return store
}

await t.test('on a single redis', { skip }, async (t) => {
  const server = await startRedis(t)

  await t.test('the contract', async (t) => {
    const redis = openTestRedis(t, { urls: [server.url] })
    await redis.start()
    const open = async (): Promise<SessionStore> =>
      createRedisSessionStore({ redis, keyPrefix: `${randomUUID()}:`, logger: redis.logger })
    await checkSessionStore(t, open, { forgetsByItself: true })
  })

  await t.test('check makes no round trip in the steady state', async (t) => {
    const store = await openProcess(t, [server.url])
    const sessions = [newSession(), newSession({ userId: 'user {2}' })]
    for (const session of sessions) await store.create(session, UNLIMITED)
    for (const { id } of sessions) await store.check(id, Date.now())
    // Pings and the commands of this very counting are not round trips of a check.
    const calls = async (): Promise<Record<string, number>> => {
      const entries = Object.entries(await commandCalls(server))
      return Object.fromEntries(entries.filter(([name]) => !/^(ping|info|hello|client)/.test(name)))
    }
    const before = await calls()
    for (let round = 0; round < 500; round += 1) {
      for (const { id } of sessions) t.match(await store.check(id, Date.now()), { alive: true })
    }
    t.strictSame(await calls(), before)
  })

  await t.test('a session that was forgotten is read again', async (t) => {
    const store = await openProcess(t, [server.url])
    const session = newSession()
    await store.create(session, UNLIMITED)
    await store.check(session.id, Date.now())
    const before = (await commandCalls(server))['hmget'] ?? 0
    store.forget([session.id])
    t.match(await store.check(session.id, Date.now()), { alive: true })
    t.equal((await commandCalls(server))['hmget'], before + 1)
  })

  await t.test('many checks at once of a session that is not known read it once', async (t) => {
    const store = await openProcess(t, [server.url])
    const session = newSession()
    await store.create(session, UNLIMITED)
    const before = (await commandCalls(server))['hmget'] ?? 0
    const checks = Array.from({ length: 100 }, () => store.check(session.id, Date.now()))
    t.ok((await Promise.all(checks)).every(({ alive }) => alive))
    t.equal((await commandCalls(server))['hmget'], before + 1)
  })

  await t.test('a remembered session still runs out by the clock', async (t) => {
    const store = await openProcess(t, [server.url])
    const session = newSession()
    await store.create(session, UNLIMITED)
    t.match(await store.check(session.id, session.idleExpiresAt - 1), { alive: true })
    const over = await store.check(session.id, session.idleExpiresAt)
    t.strictSame(over, { alive: false, reason: 'idle_timeout' })
  })

  await t.test('an end in one process holds at once there, and soon in another', async (t) => {
    const [here, there] = [await openProcess(t, [server.url]), await openProcess(t, [server.url])]
    for (let round = 0; round < 20; round += 1) {
      const session = newSession()
      await here.create(session, UNLIMITED)
      for (const store of [here, there]) {
        t.match(await store.check(session.id, Date.now()), { alive: true })
      }
      await here.end({ by: 'session', sessionId: session.id }, 'ended_by_user', Date.now())
      const over = { alive: false, reason: 'ended_by_user' }
      t.strictSame(await here.check(session.id, Date.now()), over)
      await waitFor('the end in the other process', async () => {
        const check = await there.check(session.id, Date.now())
        return !check.alive && check.reason === 'ended_by_user'
      })
    }
  })

  await t.test('a rotation in one process is seen in another', async (t) => {
    const [here, there] = [await openProcess(t, [server.url]), await openProcess(t, [server.url])]
    const session = newSession()
    await here.create(session, UNLIMITED)
    await there.check(session.id, Date.now())
    const idleExpiresAt = session.idleExpiresAt + HOUR_MS
    const rotated = await here.rotate({
      sessionId: session.id,
      presentedHash: 'hash-0',
      nextHash: 'hash-1',
      nextKeyId: 'key-0',
      clientId: 'client-1',
      sealedPair: 'sealed',
      now: Date.now(),
      idleExpiresAt,
      expiresAt: session.expiresAt,
      replayWindowMs: 10_000,
    })
    t.strictSame(rotated, { outcome: 'rotated' })
    await waitFor('the new end', async () => {
      const check = await there.check(session.id, Date.now())
      return check.alive && check.session.idleExpiresAt === idleExpiresAt
    })
  })

  await t.test('1,000 rotations and ends at once never leave a live session', async (t) => {
    const [here, there] = [await openProcess(t, [server.url]), await openProcess(t, [server.url])]
    const round = async (index: number): Promise<boolean> => {
      const session = newSession({ userId: `user-${index % 7}` })
      await here.create(session, UNLIMITED)
      const rotation = {
        sessionId: session.id,
        presentedHash: 'hash-0',
        nextHash: 'hash-1',
        nextKeyId: 'key-0',
        clientId: 'client-1',
        sealedPair: 'sealed',
        now: Date.now(),
        idleExpiresAt: session.idleExpiresAt,
        expiresAt: session.expiresAt,
        replayWindowMs: 10_000,
      }
      const rotating = [there.rotate(rotation), there.check(session.id, Date.now())]
      await here.end({ by: 'session', sessionId: session.id }, 'logged_out', Date.now())
      await Promise.all(rotating)
      const after = await there.rotate({ ...rotation, presentedHash: 'hash-1' })
      const check = await here.check(session.id, Date.now())
      return after.outcome !== 'over' || check.alive
    }
    let live = 0
    for (let done = 0; done < 1_000; done += 50) {
      const results = await Promise.all(Array.from({ length: 50 }, (_, i) => round(done + i)))
      live += results.filter(Boolean).length
    }
    t.equal(live, 0)
  })

  await t.test('every key expires', async (t) => {
    const store = await openProcess(t, [server.url], 'expiry:')
    const [first, second] = [newSession(), newSession()]
    await store.create(first, { mode: 'single' })
    await store.create(second, { mode: 'single' })
    await store.touch(second.id, Date.now(), Date.now() + 2 * HOUR_MS)
    const keys = (await server.command('KEYS', 'expiry:*')) as string[]
    t.equal(
      keys.length,
      8,
      'two sessions, two owners, one user and their ends, who has ends, one key',
    )
    for (const key of keys) {
      const ttlMs = Number(await server.command('PTTL', key))
      t.ok(ttlMs > 23 * HOUR_MS && ttlMs <= 48 * HOUR_MS, key)
    }
    await t.rejects(store.create(newSession(), { mode: 'limit', limit: 1, onLimit: 'refuse' }))
    await waitFor('the refused one leaves nothing', async () => {
      return ((await server.command('KEYS', 'expiry:*')) as string[]).length === 8
    })
  })

  await t.test('the memory of a process is bounded', async (t) => {
    const redis = openTestRedis(t, { urls: [server.url] })
    const deps = { redis, keyPrefix: 'bound:', logger: redis.logger, cacheEntriesMax: 2 }
    const store = createRedisSessionStore(deps)
    await redis.start()
    const sessions = [newSession(), newSession(), newSession()]
    for (const session of sessions) await store.create(session, UNLIMITED)
    for (const { id } of sessions) t.match(await store.check(id, Date.now()), { alive: true })
    const before = await commandCalls(server)
    t.match(await store.check(sessions[2]?.id ?? '', Date.now()), { alive: true })
    t.equal((await commandCalls(server))['hmget'], before['hmget'], 'the latest is remembered')
    t.match(await store.check(sessions[0]?.id ?? '', Date.now()), { alive: true })
    const after = await commandCalls(server)
    t.equal(after['hmget'], (before['hmget'] ?? 0) + 1, 'the oldest is asked for again')
    t.equal(after['get'], (before['get'] ?? 0) + 1)
  })

  await t.test('an unexpected reply is INTERNAL', async (t) => {
    const store = await openProcess(t, [server.url], 'broken:')
    const session = newSession()
    await store.create(session, UNLIMITED)
    await server.command('SET', 'broken:sessions:{uuser-1}', 'text')
    const internal = { code: 'INTERNAL', reason: 'internal' }
    await t.rejects(store.listByUser('user-1', Date.now()), internal)
    await t.rejects(store.create(newSession(), UNLIMITED), internal)
  })

  await t.test('redis emptied: everybody is over', async (t) => {
    const store = await openProcess(t, [server.url])
    const [alive, ended] = [newSession(), newSession()]
    for (const session of [alive, ended]) {
      await store.create(session, UNLIMITED)
      await store.check(session.id, Date.now())
    }
    await store.end({ by: 'session', sessionId: ended.id }, 'logged_out', Date.now())
    await server.command('FLUSHALL')
    await waitFor('everybody is over', async () => {
      const checks = await Promise.all([alive, ended].map(({ id }) => store.check(id, Date.now())))
      return checks.every((check) => !check.alive && check.reason === null)
    })
    t.strictSame(await store.listByUser('user-1', Date.now()), [])
    const over = await store.findOver([alive.id], Date.now())
    t.match(over, [{ id: alive.id, reason: 'expired' }])
  })
})

await t.test('on a redis that dies', { skip }, async (t) => {
  const server = await startRedis(t)

  await t.test('checks fail closed, and the store recovers by itself', async (t) => {
    const store = await openProcess(t, [server.url])
    const session = newSession()
    await store.create(session, UNLIMITED)
    t.match(await store.check(session.id, Date.now()), { alive: true })
    await server.kill()
    await waitFor('refusal', async () => {
      try {
        await store.check(session.id, Date.now())
        return false
      } catch (error) {
        t.match(error, { ...UNAVAILABLE, retryAfterSeconds: 1 })
        return true
      }
    })
    await t.rejects(store.create(newSession(), UNLIMITED), UNAVAILABLE)
    await t.rejects(store.listByUser('user-1', Date.now()), UNAVAILABLE)
    await t.rejects(store.touch(session.id, Date.now(), Date.now()), UNAVAILABLE)
    await t.rejects(store.findOver([session.id], Date.now()), UNAVAILABLE)
    const end = store.end({ by: 'user', userId: 'user-1' }, 'logged_out', Date.now())
    await t.rejects(end, UNAVAILABLE)
    await server.restart()
    const check = await waitFor('recovery', () =>
      store.check(session.id, Date.now()).catch(() => undefined),
    )
    t.strictSame(check, { alive: false, reason: null }, 'it came back empty: over')
    await store.create(newSession({ id: 'new' }), UNLIMITED)
    t.match(await store.check('new', Date.now()), { alive: true })
  })

  await t.test('a server that went back in time is told again what ended', async (t) => {
    const [here, there] = [await openProcess(t, [server.url]), await openProcess(t, [server.url])]
    const [alive, ended, displaced] = [newSession(), newSession(), newSession({ userId: 'u' })]
    for (const session of [alive, ended, displaced]) await here.create(session, UNLIMITED)
    await server.command('SAVE')
    await here.end({ by: 'session', sessionId: ended.id }, 'logged_out', Date.now())
    await here.create(newSession({ userId: 'u' }), { mode: 'single' })
    await server.kill()
    await server.restart()
    const recovered = await waitFor('recovery', () =>
      here.check(alive.id, Date.now()).catch(() => undefined),
    )
    t.match(recovered, { alive: true }, 'the snapshot is there')
    const isOver = async (store: SessionStore, id: string, reason: string): Promise<boolean> => {
      const check = await store.check(id, Date.now()).catch(() => null)
      return check?.alive === false && check.reason === reason
    }
    t.ok(await isOver(here, ended.id, 'logged_out'))
    t.ok(await isOver(here, displaced.id, 'signed_in_elsewhere'))
    await waitFor('it is over elsewhere', () => isOver(there, ended.id, 'logged_out'))
  })
})

await t.test('on a connection that stalls', { skip }, async (t) => {
  const server = await startRedis(t)
  const proxy = await startRedisProxy(t, server)
  const [near, far] = [await openProcess(t, [server.url]), await openProcess(t, [proxy.url])]
  const session = newSession()
  await near.create(session, UNLIMITED)
  t.match(await far.check(session.id, Date.now()), { alive: true })
  proxy.stall()
  await near.end({ by: 'session', sessionId: session.id }, 'logged_out', Date.now())
  await waitFor('the session is not believed to be alive', async () => {
    try {
      return !(await far.check(session.id, Date.now())).alive
    } catch (error) {
      t.match(error, UNAVAILABLE)
      return true
    }
  })
  await proxy.restore()
  const check = await waitFor('recovery', () =>
    far.check(session.id, Date.now()).catch(() => undefined),
  )
  t.strictSame(check, { alive: false, reason: 'logged_out' })
})

await t.test('on a cluster', { skip }, async (t) => {
  const { nodes } = await startRedisCluster(t, {
    lines: ['cluster-require-full-coverage no'],
  })
  const urls = nodes.slice(0, 2).map(({ url }) => url)

  await t.test('the contract', async (t) => {
    const redis = openTestRedis(t, { urls })
    await redis.start()
    await waitFor('every node is up', async () => {
      const probes = Array.from({ length: 20 }, (_, i) => redis.send(`${i}`, ['GET', `${i}`]))
      return (await Promise.allSettled(probes)).every(({ status }) => status === 'fulfilled')
    })
    const open = async (): Promise<SessionStore> =>
      createRedisSessionStore({
        redis,
        keyPrefix: `${randomUUID()}:`,
        logger: createMemoryLogger(),
      })
    await checkSessionStore(t, open, { forgetsByItself: true })
  })

  await t.test('an end in one process holds soon in another, on every node', async (t) => {
    const [here, there] = [await openProcess(t, urls), await openProcess(t, urls)]
    const sessions = Array.from({ length: 20 }, (_, i) => newSession({ userId: `user-${i}` }))
    for (const session of sessions) {
      await waitFor('stored', () => here.create(session, UNLIMITED).catch(() => undefined))
      await waitFor('seen', () => there.check(session.id, Date.now()).catch(() => undefined))
    }
    for (const { userId } of sessions) {
      await here.end({ by: 'user', userId }, 'user_frozen', Date.now())
    }
    await waitFor('all are over', async () => {
      return (
        (
          await there.findOver(
            sessions.map(({ id }) => id),
            Date.now(),
          )
        ).length === 20
      )
    })
  })
})

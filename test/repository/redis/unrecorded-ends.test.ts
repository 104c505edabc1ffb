import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import type { EndedSession, NewSession } from '../../../src/domain/session.js'
import { createRedisRevocationLog } from '../../../src/repository/redis/redis-revocation-log.js'
import { createRedisSessionStore } from '../../../src/repository/redis/redis-session-store.js'
import { createSessionKeys } from '../../../src/repository/redis/session-key.js'
import { createUnrecordedEnds } from '../../../src/repository/redis/unrecorded-ends.js'
import { openTestRedis } from '../../app/redis/redis-fixture.js'
import { startRedis, startRedisCluster } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

const skip = skipUnless('redis')
const T0 = 1_800_000_000_000
const HOUR_MS = 3_600_000
/** Older than what is left to the process that ended it. */
const LATER = T0 + 5_001

function newSession(id: string, userId: string): NewSession {
  return {
    ...{ id, userId, clientId: 'c', method: 'password', userAgent: '', address: '' },
    ...{ createdAt: T0, lastSeenAt: T0, idleExpiresAt: T0 + HOUR_MS, expiresAt: T0 + HOUR_MS },
    ...{ refreshHash: 'hash-0', keyId: 'key-0' },
  }
}

async function openHouse(t: Test, urls: readonly string[]) {
  const keyPrefix = `${randomUUID()}:`
  const redis = openTestRedis(t, { urls })
  const store = createRedisSessionStore({ redis, keyPrefix, logger: redis.logger })
  await redis.start()
  const log = createRedisRevocationLog({ redis, keyPrefix })
  const handOver = async (now: number): Promise<EndedSession[]> => {
    const handed: EndedSession[] = []
    const count = await store.handOverEnds(now, async (ended) => void handed.push(...ended))
    t.equal(count, handed.length)
    return handed.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }
  return { store, log, redis, keyPrefix, handOver }
}

for (const [name, open] of [
  ['a single server', async (t: Test) => [(await startRedis(t)).url]],
  ['a cluster', async (t: Test) => (await startRedisCluster(t)).nodes.map(({ url }) => url)],
] as const) {
  await t.test(`on ${name}`, { skip }, async (t) => {
    const urls = await open(t)

    await t.test('however a session ends, whoever looks finds the end', async (t) => {
      const { store, handOver } = await openHouse(t, urls)
      await store.create(newSession('a', 'ann'), { mode: 'unlimited' })
      await store.create(newSession('b', 'ann'), { mode: 'single' })
      await store.create(newSession('c', 'bob {1}'), { mode: 'unlimited' })
      await store.create(newSession('d', 'dora'), { mode: 'unlimited' })
      await store.end({ by: 'user', userId: 'bob {1}' }, 'user_frozen', T0)
      const reused = await store.rotate({
        ...{ sessionId: 'd', presentedHash: 'old', nextHash: 'n', nextKeyId: 'k', clientId: 'c' },
        ...{ sealedPair: '', now: T0, idleExpiresAt: T0, expiresAt: T0, replayWindowMs: 1 },
      })
      t.equal(reused.outcome, 'reused')
      t.strictSame(await handOver(T0), [], 'at first it is left to the process that ended it')
      t.strictSame(await handOver(LATER), [
        { id: 'a', userId: 'ann', reason: 'signed_in_elsewhere' },
        { id: 'c', userId: 'bob {1}', reason: 'user_frozen' },
        { id: 'd', userId: 'dora', reason: 'reuse_detected' },
      ])
      t.strictSame(await handOver(LATER), [], 'once')
    })

    await t.test('what could not be recorded is handed over again', async (t) => {
      const { store, handOver } = await openHouse(t, urls)
      await store.create(newSession('a', 'ann'), { mode: 'unlimited' })
      await store.end({ by: 'session', sessionId: 'a' }, 'logged_out', T0)
      const failure = new Error('the log is away')
      await t.rejects(
        store.handOverEnds(LATER, () => Promise.reject(failure)),
        failure,
      )
      t.match(await handOver(LATER), [{ id: 'a', reason: 'logged_out' }])
    })

    await t.test('the log has each end once, in its place', async (t) => {
      const { store, log } = await openHouse(t, urls)
      const start = await log.positionAt(0)
      for (const id of ['a', 'b']) await store.create(newSession(id, id), { mode: 'unlimited' })
      const told = await store.end({ by: 'session', sessionId: 'a' }, 'logged_out', T0)
      await log.append(told, T0)
      // This process is killed here before it could write the second one down.
      await store.end({ by: 'session', sessionId: 'b' }, 'logged_out', T0 + 1)
      await store.handOverEnds(LATER + 1, (ended) => log.append(ended, LATER))
      t.match((await log.read(start, 10))?.revocations, [
        { id: 'a', endedAt: T0 },
        { id: 'b', endedAt: LATER },
      ])
    })
  })
}

await t.test(
  'more users than one look takes, and one who ends more meanwhile',
  { skip },
  async (t) => {
    const { url } = await startRedis(t)
    const { store, handOver } = await openHouse(t, [url])
    const ids = Array.from({ length: 250 }, (_, index) => `s${String(index).padStart(3, '0')}`)
    await Promise.all(ids.map((id) => store.create(newSession(id, id), { mode: 'unlimited' })))
    await Promise.all(ids.map((id) => store.end({ by: 'user', userId: id }, 'user_frozen', T0)))
    const seen: string[] = []
    await store.create(newSession('late', 's000'), { mode: 'unlimited' })
    await store.handOverEnds(LATER, async (ended) => {
      if (seen.length === 0) await store.end({ by: 'user', userId: 's000' }, 'user_frozen', LATER)
      seen.push(...ended.map(({ id }) => id))
    })
    t.strictSame(seen.toSorted(), ids)
    t.match(await handOver(LATER + 5_001), [{ id: 'late' }])
  },
)

await t.test(
  'ends that are told again to a server that forgot them are found, too',
  { skip },
  async (t) => {
    const server = await startRedis(t)
    const redis = openTestRedis(t, { urls: [server.url] })
    await redis.start()
    const ends = createUnrecordedEnds({ redis, keys: createSessionKeys('again:') })
    await ends.note('noted', T0)
    await ends.noteAgain('noted')
    await ends.noteAgain('told')
    const users = await server.command(
      'ZRANGE',
      'again:session-ending-users',
      '0',
      '-1',
      'WITHSCORES',
    )
    t.strictSame(users, ['told', '0', 'noted', String(T0)])
  },
)

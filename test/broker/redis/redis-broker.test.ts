import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import type { RedisConnections } from '../../../src/app/redis/open-redis.js'
import { createRedisBroker } from '../../../src/broker/redis/redis-broker.js'
import type { Broker, SurveyHandlers } from '../../../src/domain/broker.js'
import { openTestRedis, startRedisProxy } from '../../app/redis/redis-fixture.js'
import { startRedis, startRedisCluster, type RedisClient } from '../../helpers/server/redis.js'
import { commandCalls } from '../../helpers/server/redis-command.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { type BrokerSetup, checkBroker } from '../../contract/broker-contract.js'
import { createMemoryLogger, type LogLine } from '../../helpers/memory-logger.js'
import { stubSurveyHandlers } from '../../helpers/stub-survey-handlers.js'
import { waitFor } from '../../helpers/wait-for.js'

const skip = skipUnless('redis')
const TIMEOUT_MS = 10_000

interface TestProcess {
  readonly broker: Broker
  readonly handled: string[]
  readonly lines: readonly LogLine[]
  readonly gaps: () => number
}

/** One process that notes what it was asked; started. */
async function startProcess(
  t: Test,
  urls: readonly string[],
  overrides: Partial<SurveyHandlers> = {},
): Promise<TestProcess> {
  const redis = openTestRedis(t, { urls })
  const { logger } = redis
  const broker = createRedisBroker({
    redis,
    keyPrefix: 'test:',
    logger,
    heartbeatMs: 200,
    leaseMs: 1_000,
  })
  const handled: string[] = []
  let gaps = 0
  const handlers = stubSurveyHandlers({
    sessions_ended: ({ sessions }) => {
      handled.push(...sessions.map(({ id }) => id))
      return { connectionsClosed: sessions.length }
    },
    push: ({ message }) => {
      handled.push(message)
      return { delivered: 1 }
    },
    auth_changed: () => ({ told: 1 }),
    count_connections: ({ sessionIds }) => ({
      bySession: Object.fromEntries(sessionIds.map((id) => [id, 1])),
    }),
    keys_burned: ({ keyIds }) => ({ dropped: keyIds.length }),
    ...overrides,
  })
  await redis.start()
  await broker.start(handlers, () => (gaps += 1))
  t.teardown(() => broker.close())
  return { broker, handled, lines: logger.lines, gaps: () => gaps }
}

function push(process: TestProcess, message: string, timeoutMs = TIMEOUT_MS) {
  return process.broker.survey('push', { userId: 'u', event: 'e', message }, timeoutMs)
}

const isReached = (from: TestProcess, asked: number) => async (): Promise<boolean> => {
  const result = await push(from, 'probe', 500).catch(() => null)
  return result?.asked === asked && result.answers.length === asked
}

/** How the contract makes brokers on a server, and trouble for them. */
async function setUp(
  t: Test,
  urls: readonly string[],
  servers: readonly RedisClient[],
): Promise<BrokerSetup> {
  const keyPrefix = `${randomUUID()}:`
  const pool: RedisConnections[] = []
  for (let index = 0; index < 3; index += 1) {
    const redis = openTestRedis(t, { urls, channelPrefix: keyPrefix })
    await redis.start()
    pool.push(redis)
  }
  return {
    createBroker({ isObserver } = { isObserver: false }) {
      const redis = pool.shift()
      if (!redis) throw new Error('the contract takes more brokers than were prepared')
      const logger = createMemoryLogger()
      const broker = createRedisBroker({
        ...{ redis, keyPrefix, logger },
        ...{ heartbeatMs: 1_000, leaseMs: 60_000, isObserver },
      })
      t.teardown(() => broker.close())
      return broker
    },
    async addSilentProcess() {
      const [redis] = pool
      const key = `${keyPrefix}processes`
      const lease = ['ZADD', key, String(Date.now() + 60_000), 'silent']
      await redis?.send(key, lease)
      return 'silent'
    },
    async loseMessages() {
      for (const server of servers) await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    },
  }
}

await t.test('on a single redis', { skip }, async (t) => {
  const server = await startRedis(t)
  const urls = [server.url]

  await t.test('the contract', (t) => checkBroker(t, (t) => setUp(t, urls, [server])))

  await t.test('survey asks every process once, the own one at once', async (t) => {
    const [a, b, c] = [
      await startProcess(t, urls),
      await startProcess(t, urls),
      await startProcess(t, urls),
    ]
    const surveying = push(a, 'hello')
    t.strictSame(a.handled, ['hello'], 'before anything was sent')
    t.strictSame(await surveying, {
      asked: 3,
      answers: [{ delivered: 1 }, { delivered: 1 }, { delivered: 1 }],
      missing: [],
    })
    for (const { handled } of [a, b, c]) t.strictSame(handled, ['hello'])
    const counted = await c.broker.survey('count_connections', { sessionIds: ['s'] }, TIMEOUT_MS)
    t.strictSame(counted.answers, Array(3).fill({ bySession: { s: 1 } }))
    t.equal(a.gaps() + b.gaps() + c.gaps(), 0, 'nothing was in doubt')
  })

  await t.test('survey of many questions at once loses and mixes up none', async (t) => {
    const [a, b] = [await startProcess(t, urls), await startProcess(t, urls)]
    const messages = Array.from({ length: 500 }, (_, index) => `${index} ${'x'.repeat(1_000)}`)
    const publishesBefore = (await commandCalls(server))['publish'] ?? 0
    const results = await Promise.all(messages.map((message) => push(a, message)))
    t.ok(results.every(({ asked, answers }) => asked === 2 && answers.length === 2))
    t.strictSame(b.handled, messages, 'in order')
    const publishes = ((await commandCalls(server))['publish'] ?? 0) - publishesBefore
    t.ok(publishes < 100, `gathered into ${publishes} envelopes`)
  })

  await t.test('survey names the process that does not answer', async (t) => {
    const failing = (): never => {
      throw new Error('boom')
    }
    const [a, b] = [await startProcess(t, urls), await startProcess(t, urls, { push: failing })]
    const mute = await startProcess(t, urls)
    // It still holds its lease, but hears nothing any more.
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await waitFor('all listen again', () => [a, b, mute].every(({ gaps }) => gaps() >= 2))
    t.strictSame(await push(a, 'hello'), {
      asked: 3,
      answers: [{ delivered: 1 }, { delivered: 1 }],
      missing: [b.broker.processId],
    })
    t.match(
      b.lines.filter(({ level }) => level === 'error'),
      [{ message: 'message skipped' }],
    )
    const own = await push(b, 'own')
    t.strictSame(own.missing, [b.broker.processId], 'the own one is no exception')
    t.equal(own.answers.length, 2)
  })

  await t.test('survey does not count who has left, and names who was killed', async (t) => {
    const [a, b] = [await startProcess(t, urls), await startProcess(t, urls)]
    await b.broker.close()
    t.strictSame(await push(a, 'hello'), { asked: 1, answers: [{ delivered: 1 }], missing: [] })
    await t.rejects(push(b, 'hello'), { code: 'UNAVAILABLE', reason: 'broker_closed' })

    // A process that died a moment ago: its lease is there, nobody answers.
    await server.command('ZADD', 'test:processes', String(Date.now() + 400), 'dead')
    t.match(await push(a, 'hello', 50), { asked: 2, missing: ['dead'] })
    await waitFor('its lease to end', async () => (await push(a, 'hello', 50)).asked === 1)
  })

  await t.test('survey ends when its process leaves', async (t) => {
    const a = await startProcess(t, urls)
    await server.command('ZADD', 'test:processes', String(Date.now() + 60_000), 'dead')
    const surveying = push(a, 'hello', 60_000)
    await waitFor('the question is out', () => a.handled.length === 1)
    await waitFor('asked', async () => Number((await commandCalls(server))['publish']) > 0)
    await a.broker.close()
    t.match(await surveying, { asked: 2, missing: ['dead'] })
    await server.command('ZREM', 'test:processes', 'dead')
  })

  await t.test('what is no message is skipped', async (t) => {
    const [a, b] = [await startProcess(t, urls), await startProcess(t, urls)]
    const question = { surveyId: 's', from: 'stranger', kind: 'push', body: '{}' }
    const junk = ['', '{', '"text"', '[1, null, {"surveyId": 1}]', JSON.stringify([question])]
    junk.push(JSON.stringify([{ ...question, kind: 'of_tomorrow' }]))
    for (const text of junk) await server.command('PUBLISH', 'test:all', text)
    const answer = { surveyId: 'unknown', from: 'x', kind: 'push', body: 'null' }
    await server.command('PUBLISH', `test:${b.broker.processId}`, JSON.stringify([answer]))
    t.match(await push(a, 'hello'), { asked: 2, missing: [] })
    t.strictSame(b.handled, ['hello'])
    const skipped = b.lines.filter(({ message }) => message === 'message skipped')
    t.equal(skipped.length, 8, 'three texts, three members, two questions')
  })

  await t.test('start is once, and close before start is nothing', async (t) => {
    const a = await startProcess(t, urls)
    const handlers = {} as SurveyHandlers
    const again = a.broker.start(handlers, () => undefined)
    await t.rejects(again, { code: 'INTERNAL', reason: 'broker_started' })
    const redis = openTestRedis(t, { urls, startTimeoutMs: 300 })
    const deps = { redis, keyPrefix: '', logger: redis.logger, heartbeatMs: 100, leaseMs: 500 }
    const idle = createRedisBroker(deps)
    const question = { userId: 'u', event: 'e', message: 'm' }
    const early = idle.survey('push', question, 50)
    await t.rejects(early, { code: 'UNAVAILABLE', reason: 'broker_closed' })
    const failed = createRedisBroker(deps).start(handlers, () => undefined)
    await t.rejects(failed, { code: 'UNAVAILABLE', reason: 'broker_unavailable' })
    await idle.close()
  })
})

await t.test('a subscription that is cut', { skip }, async (t) => {
  const server = await startRedis(t)
  const a = await startProcess(t, [server.url])

  await t.test('onGap is called at once and when it stands again', async (t) => {
    const b = await startProcess(t, [server.url])
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await waitFor('two gaps', () => b.gaps() >= 2)
    t.match(await push(a, 'after'), { asked: 2, missing: [] }, 'subscribed again by itself')
    t.strictSame(b.handled, ['after'])
  })

  await t.test('onGap is called again and again while a connection stalls', async (t) => {
    const proxy = await startRedisProxy(t, server)
    const b = await startProcess(t, [proxy.url])
    proxy.stall()
    await waitFor('a gap', () => b.gaps() >= 1)
    t.match(await push(a, 'lost', 50), { asked: 2, missing: [b.broker.processId] })
    const seen = b.gaps()
    await waitFor('more of them', () => b.gaps() >= seen + 2)
    await proxy.restore()
    await waitFor('reached again', isReached(a, 2))
    t.notOk(b.handled.includes('lost'))
    const quiet = b.gaps()
    t.match(await push(a, 'heard'), { asked: 2, missing: [] })
    t.equal(b.gaps(), quiet, 'no gap any more')
  })

  await t.test('a handler of gaps that fails harms nobody', async (t) => {
    const redis = openTestRedis(t, { urls: [server.url] })
    const { logger } = redis
    const deps = { redis, keyPrefix: 'test:', logger, heartbeatMs: 200, leaseMs: 1_000 }
    const broker = createRedisBroker(deps)
    t.teardown(() => broker.close())
    await redis.start()
    await broker.start({} as SurveyHandlers, () => {
      throw new Error('boom')
    })
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await waitFor('both are logged', () => {
      const failed = logger.lines.filter(({ message }) => /after a gap failed/.test(message))
      return failed.length >= 2
    })
  })
})

await t.test('a redis that dies', { skip }, async (t) => {
  const server = await startRedis(t)
  const [a, b] = [await startProcess(t, [server.url]), await startProcess(t, [server.url])]
  await server.kill()
  await waitFor('refusal', async () => {
    const error: unknown = await push(a, 'lost').catch((thrown: unknown) => thrown)
    return (error as { reason?: string }).reason === 'broker_unavailable'
  })
  t.ok(a.handled.includes('lost'), 'the own handler ran all the same')
  await server.restart()
  await waitFor('all are reached', isReached(a, 2))
  t.ok(b.gaps() >= 2)
})

await t.test('on a cluster', { skip }, async (t) => {
  const { nodes } = await startRedisCluster(t, {
    lines: ['cluster-require-full-coverage no'],
  })
  const urls = nodes.map(({ url }) => url)
  const [a, b, c] = [
    await startProcess(t, urls),
    await startProcess(t, urls),
    await startProcess(t, urls),
  ]
  await t.test('the contract', (t) => checkBroker(t, (t) => setUp(t, urls, nodes)))

  await waitFor('all are reached', isReached(a, 3))
  for (const from of [a, b, c]) t.match(await push(from, 'hello'), { asked: 3, missing: [] })
  const spublishes = await Promise.all(nodes.map((node) => commandCalls(node)))
  t.ok(
    spublishes.some((calls) => (calls['spublish'] ?? 0) > 0),
    'by sharded channels',
  )
  t.notOk(spublishes.some((calls) => 'publish' in calls))
  for (const node of nodes) t.equal(await subscribers(node), 3, 'one connection per process')

  await t.test('survey goes by another node when one is dead', async () => {
    const [, dead] = nodes
    await dead?.kill()
    await waitFor('the gap is seen', () => a.gaps() > 0 && b.gaps() > 0 && c.gaps() > 0)
    await waitFor('all are reached', isReached(a, 3))
    await waitFor('all are reached', isReached(c, 3))
    await dead?.restart()
    await waitFor('it serves subscriptions again', async () => {
      return dead !== undefined && (await subscribers(dead).catch(() => 0)) === 3
    })
    await waitFor('all are reached', isReached(b, 3))
  })
})

async function subscribers(node: RedisClient): Promise<number> {
  const list = String(await node.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))
  return list.split('\n').filter((line) => line.includes('ssub=') && !line.includes('ssub=0'))
    .length
}

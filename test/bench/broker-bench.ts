/**
 * Publications with one subscriber, from call to delivery: the channel brokers on Redis and on SQLite, with and
 * without history, against bare `PUBLISH` of the redis client. CPU per publication of this process and the server's
 * together first. 64 publications are outstanding at a time, over 16 channels.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { openRedis } from '../../src/app/redis/open-redis.js'
import { createRedisChannelBroker } from '../../src/broker/redis/redis-channel-broker.js'
import type { ChannelBroker, PublishOptions } from '../../src/domain/channel-broker.js'
import { createMigrator } from '../../src/repository/migrator.js'
import { openSqliteStore } from '../../src/repository/sqlite-store.js'
import { createSqliteProcess } from '../broker/sqlite-process.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { startRedis } from '../helpers/server/redis.js'
import { waitFor } from '../helpers/wait-for.js'
import { cpuMicroseconds, inTurns, median, noisePercent, printTable } from './measure.js'

const ROUNDS = 6
const PUBLICATIONS = 40_000
const OUTSTANDING = 64
const CHANNELS = Array.from({ length: 16 }, (_, index) => `room:${index}`)
const DATA = JSON.stringify({ text: 'x'.repeat(180) })
const PLAIN: PublishOptions = { history: null, idempotency: null, info: null, tags: null }
const KEPT: PublishOptions = { ...PLAIN, history: { size: 100, lifetimeMs: 300_000 } }
const BASELINE = 'bare PUBLISH'

interface Sample {
  readonly cpuPerPublication: number
  readonly publicationsPerSecond: number
}

interface Subject {
  readonly publish: (channel: string) => Promise<unknown>
  /** Deliveries so far. */
  readonly delivered: () => number
  readonly close: () => Promise<void>
}

export async function benchBroker(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const server = await startRedis()
  const subjects: Record<string, Subject> = {}
  try {
    subjects[BASELINE] = await openBare(server.url)
    subjects['redis, no history'] = await openOnRedis(server.url, PLAIN)
    subjects['redis, history 100'] = await openOnRedis(server.url, KEPT)
    subjects['sqlite, no history'] = await openOnSqlite(join(dir, 'plain.db'), PLAIN)
    subjects['sqlite, history 100'] = await openOnSqlite(join(dir, 'kept.db'), KEPT)
    const runs = Object.entries(subjects).map(([name, subject]) => {
      const serverPid = name.startsWith('sqlite') ? null : server.pid()
      return [name, () => measure(subject, serverPid)] as const
    })
    for (const [, warmUp] of runs) await warmUp()
    print(await inTurns(Object.fromEntries(runs), ROUNDS))
  } finally {
    for (const { close } of Object.values(subjects)) await close()
    await server.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function measure(subject: Subject, serverPid: number | null): Promise<Sample> {
  const cpu = (): number => {
    const { user, system } = process.cpuUsage()
    return user + system + (serverPid === null ? 0 : cpuMicroseconds(serverPid))
  }
  const due = subject.delivered() + PUBLICATIONS
  const [cpuBefore, startedAt] = [cpu(), performance.now()]
  let begun = 0
  const publishOn = async (): Promise<void> => {
    while (begun < PUBLICATIONS) {
      const channel = CHANNELS[begun % CHANNELS.length] ?? ''
      begun += 1
      await subject.publish(channel)
    }
  }
  await Promise.all(Array.from({ length: OUTSTANDING }, publishOn))
  await waitFor('every delivery', () => subject.delivered() >= due)
  const seconds = (performance.now() - startedAt) / 1_000
  return {
    cpuPerPublication: (cpu() - cpuBefore) / PUBLICATIONS,
    publicationsPerSecond: PUBLICATIONS / seconds,
  }
}

function createBareClient(url: string) {
  const client = createClient({ url, RESP: 3, commandOptions: { timeout: 0 } })
  client.on('error', () => undefined)
  return client
}

async function openBare(url: string): Promise<Subject> {
  const [publisher, subscriber] = [createBareClient(url), createBareClient(url)]
  await Promise.all([publisher.connect(), subscriber.connect()])
  let count = 0
  await subscriber.subscribe(CHANNELS, () => (count += 1))
  return {
    publish: (channel) => publisher.publish(channel, DATA),
    delivered: () => count,
    async close() {
      publisher.destroy()
      subscriber.destroy()
    },
  }
}

async function openOnRedis(url: string, options: PublishOptions): Promise<Subject> {
  const logger = createMemoryLogger()
  const keyPrefix = options.history ? 'kept:' : 'plain:'
  const connection = { urls: [url], commandTimeoutMs: 5_000, channelPrefix: keyPrefix, logger }
  const redis = openRedis(connection)
  await redis.start()
  const metaLifetimeMs = 3_600_000
  const broker = createRedisChannelBroker({ redis, keyPrefix, logger, metaLifetimeMs })
  return openBroker(broker, options, () => redis.close())
}

async function openOnSqlite(file: string, options: PublishOptions): Promise<Subject> {
  const store = openSqliteStore({ file, busyTimeoutMs: 5_000, synchronous: 'normal' })
  await createMigrator(store).up()
  const process = createSqliteProcess(store, {
    ...{ pollIntervalMs: 20, heartbeatMs: 1_000, leaseMs: 5_000, retentionMs: 60_000 },
  })
  return openBroker(process.channelBroker, options, async () => {
    await process.close()
    await store.close()
  })
}

async function openBroker(
  broker: ChannelBroker,
  options: PublishOptions,
  close: () => Promise<void>,
): Promise<Subject> {
  let count = 0
  await broker.start({
    onPublication: () => (count += 1),
    onJoin: () => undefined,
    onLeave: () => undefined,
    onUnsure: () => undefined,
  })
  await Promise.all(CHANNELS.map((channel) => broker.subscribe(channel)))
  return {
    publish: (channel) => broker.publish(channel, DATA, options),
    delivered: () => count,
    async close() {
      await broker.close()
      await close()
    },
  }
}

function print(samples: Record<string, Sample[]>): void {
  const of = (name: string, key: keyof Sample): number[] =>
    (samples[name] ?? []).map((sample) => sample[key])
  const baseCpu = median(of(BASELINE, 'cpuPerPublication'))
  const baseRate = median(of(BASELINE, 'publicationsPerSecond'))
  printTable([
    ['subject', 'CPU µs/publication', 'ratio', 'noise', 'publications/s', 'ratio'],
    ...Object.keys(samples).map((name) => {
      const cpu = of(name, 'cpuPerPublication')
      const rate = median(of(name, 'publicationsPerSecond'))
      return [
        name,
        median(cpu).toFixed(1),
        (median(cpu) / baseCpu).toFixed(2),
        `±${noisePercent(cpu)} %`,
        rate.toFixed(0),
        (rate / baseRate).toFixed(2),
      ]
    }),
  ])
}

import type { Test } from 'tap'
import { PACKAGE_ROOT } from '../../../src/util/package-root.js'
import type { LeakSample } from '../../fixtures/leak-probe.js'
import { API_KEY, type AppProcess, startApp } from '../app-process.js'
import { call, registerAndLogin } from '../http-client.js'
import { type Redis, startRedis } from '../server/redis.js'
import { startTcpProxy, type TcpProxy } from '../server/tcp-proxy.js'
import { waitFor } from '../wait-for.js'
import { createRandom, type Random, SEED } from './random.js'
import { StressClient } from './stress-client.js'

/** For what has to happen, on a machine that does other things too. */
export const PATIENCE_MS = 40_000
const USERS = 4
const PROBE_FILE = `file://${PACKAGE_ROOT}dist/test/fixtures/leak-probe.js`

/** Where a publication stands, as the answer to it says. */
export interface Published {
  readonly offset: number
  readonly epoch: string
  readonly duplicate?: boolean
}

/** One socket process behind a wire that can be cut. */
export interface StressNode {
  /** What clients connect to. */
  readonly proxy: TcpProxy
  readonly process: () => AppProcess
  /** Past the wire. */
  readonly address: () => string
  readonly publish: (channel: string, data: unknown, idempotencyKey?: string) => Promise<Published>
  readonly presence: (channel: string) => Promise<string[]>
  /** The value of one line of /metrics; 0 when it is not there. */
  readonly metric: (line: string) => Promise<number>
  readonly probe: () => Promise<LeakSample>
  /** Starts another process in place of the one that was killed, on the same wire. */
  readonly startAgain: () => Promise<void>
}

export interface StressHouse {
  readonly redis: Redis
  readonly random: Random
  readonly nodes: readonly [StressNode, StressNode]
  /** Clients that are connected and subscribed; each one begins at a node in turn, and stays with its wire. */
  readonly join: (
    count: number,
    channels: readonly string[],
    options?: JoinOptions,
  ) => Promise<StressClient[]>
  /** A token of one of the users. */
  readonly token: string
}

export interface JoinOptions {
  /** The wire that all of them use. */
  readonly node?: StressNode
  readonly isStranger?: boolean
}

/** Two socket processes of the built binary on one Redis of their own. `kept` has history and recovery; `crowd` presence too. */
export async function openStressHouse(
  t: Test,
  env: Readonly<Record<string, string>> = {},
): Promise<StressHouse> {
  t.comment(`STRESS_SEED=${SEED}`)
  const random = createRandom(SEED)
  const redis = await startRedis(t)
  const options = {
    dataDir: t.testdir(),
    env: { APP_REDIS_URL: redis.url, ...settings(), ...env },
    imports: [PROBE_FILE],
  }
  // The first one makes the keys and the schema, lets the users in, and is needed no more.
  const http = await startApp(t, 'http', options)
  const tokens: string[] = []
  for (let user = 0; user < USERS; user += 1) {
    tokens.push(
      (await registerAndLogin(`http://${http.address('http')}`, `user-${user}`)).accessToken,
    )
  }
  const [one, two] = await Promise.all([startNode(t, options), startNode(t, options), http.stop()])
  const nodes: readonly [StressNode, StressNode] = [one, two]

  async function join(
    count: number,
    channels: readonly string[],
    { node, isStranger = false }: JoinOptions = {},
  ): Promise<StressClient[]> {
    const clients = Array.from({ length: count }, (_, index) => {
      const { proxy } = node ?? nodes[index % 2 === 0 ? 0 : 1]
      const token = isStranger ? null : (tokens[index % USERS] ?? null)
      const address = (): string => `${proxy.host}:${proxy.port}`
      const client = new StressClient({ address, token, channels, random })
      t.teardown(() => client.stop())
      return client
    })
    await allThere(clients)
    return clients
  }
  return { redis, random, nodes, join, token: tokens[0] ?? '' }
}

function settings(): Record<string, string> {
  const rules: Record<string, Record<string, string>> = {
    KEPT: { HISTORY_SIZE: '10000', RECOVERY: 'true', SUBSCRIBE: 'anyone' },
    CROWD: { HISTORY_SIZE: '10000', RECOVERY: 'true', PRESENCE: 'true', JOIN_LEAVE: 'true' },
  }
  return {
    APP_SESSION_POLICY: 'unlimited',
    APP_SOCKET_CONNECTIONS_PER_USER_MAX: '1000',
    APP_REALTIME_RECOVERY_MAX: '2000',
    ...Object.fromEntries(
      Object.entries(rules).flatMap(([name, keys]) =>
        Object.entries(keys).map(([key, value]) => [
          `APP_REALTIME_NAMESPACES_${name}_${key}`,
          value,
        ]),
      ),
    ),
  }
}

async function startNode(t: Test, options: Parameters<typeof startApp>[2]): Promise<StressNode> {
  let app = await startApp(t, 'socket', options)
  const address = (): string => app.address('socket')
  const target = (): { host: string; port: number } => {
    const [host = '', port] = address().split(':')
    return { host, port: Number(port) }
  }
  const proxy = await startTcpProxy({ target: target() })
  t.teardown(() => proxy.close())

  async function api(operation: string, json: unknown): Promise<Record<string, unknown>> {
    const url = `http://${address()}/api/${operation}`
    const answer = await call('POST', url, { headers: { 'x-api-key': API_KEY }, json })
    if ('result' in answer.body) return answer.body['result'] as Record<string, unknown>
    throw new Error(`${operation}: ${answer.status} ${answer.text}`)
  }

  return {
    proxy,
    process: () => app,
    address,
    async publish(channel, data, idempotencyKey) {
      const key = idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey }
      return (await api('publish', { channel, data, ...key })) as unknown as Published
    },
    presence: async (channel) =>
      Object.keys((await api('presence', { channel }))['presence'] as object).sort(),
    async metric(line) {
      const headers = { 'x-api-key': API_KEY }
      const { text } = await call('GET', `http://${address()}/metrics`, { headers })
      const found = text.split('\n').find((one) => one.startsWith(`${line} `))
      return Number(found?.slice(line.length + 1) ?? 0)
    },
    async probe() {
      const samples = (): string[] => app.stderr().match(/^leak-probe .*\n/gm) ?? []
      const before = samples().length
      app.child.kill('SIGUSR2')
      await waitFor('a sample', () => samples().length > before)
      return JSON.parse((samples().at(-1) ?? '').slice('leak-probe '.length)) as LeakSample
    },
    async startAgain() {
      app = await startApp(t, 'socket', options)
      proxy.retarget(target())
    },
  }
}

export async function allThere(clients: readonly StressClient[]): Promise<void> {
  const isBack = (client: StressClient): boolean => client.isThere()
  await waitFor('everybody to be there', () => clients.every(isBack), PATIENCE_MS)
}

/** Publishes one thing exactly once, whatever dies meanwhile: the same key again, until one of the nodes says yes. */
export async function publishOnce(
  nodes: readonly StressNode[],
  channel: string,
  data: unknown,
): Promise<Published> {
  let attempt = 0
  return waitFor(
    `${JSON.stringify(data)} to be published`,
    async () => {
      const node = nodes[attempt % nodes.length]
      attempt += 1
      // The answer may be lost after the deed; the key makes a second one of it the same.
      return (
        (await node
          ?.publish(channel, data, `${channel} ${JSON.stringify(data)}`)
          .catch(() => null)) ?? null
      )
    },
    PATIENCE_MS,
  )
}

/** A steady load on a channel, over both nodes, a few publications under way at once. */
export class Publisher {
  readonly #nodes: readonly StressNode[]
  readonly #channel: string
  /** What was acknowledged, by offset, for each epoch in their order. */
  readonly acknowledged = new Map<string, Map<number, unknown>>()
  /** Offsets that two publications were given: never. */
  readonly collisions: number[] = []
  count = 0
  #next = 0
  #isOver = false
  #workers: Promise<void>[] = []

  constructor(nodes: readonly StressNode[], channel: string) {
    this.#nodes = nodes
    this.#channel = channel
  }

  /** Publishes so many, and resolves when all are acknowledged. */
  async publish(count: number, atOnce = 4): Promise<void> {
    const last = this.#next + count
    const work = async (): Promise<void> => {
      while (this.#next < last) await this.#one()
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }

  /** Publishes until `stop`. */
  start(atOnce = 2): void {
    this.#isOver = false
    const work = async (): Promise<void> => {
      while (!this.#isOver) await this.#one()
    }
    this.#workers = Array.from({ length: atOnce }, work)
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#workers)
  }

  async #one(): Promise<void> {
    this.#next += 1
    const data = this.#next
    const nodes = data % 2 === 0 ? this.#nodes : [...this.#nodes].reverse()
    const { offset, epoch } = await publishOnce(nodes, this.#channel, data)
    const stream = this.acknowledged.get(epoch) ?? new Map<number, unknown>()
    this.acknowledged.set(epoch, stream)
    if (stream.has(offset)) this.collisions.push(offset)
    stream.set(offset, data)
    this.count += 1
  }
}

/**
 * Everybody has everything that was acknowledged of the newest stream since they began to hear it, each once, in its
 * order, and nothing else.
 */
export async function assertComplete(
  t: Test,
  clients: readonly StressClient[],
  { channel, publisher }: { readonly channel: string; readonly publisher: Publisher },
): Promise<void> {
  const [epoch = '', stream = new Map<number, unknown>()] = [...publisher.acknowledged].at(-1) ?? []
  const wanted = [...stream]
    .map(([offset, data]) => ({ offset, data }))
    .sort((a, b) => a.offset - b.offset)
  const top = wanted.at(-1)?.offset ?? 0
  t.strictSame(publisher.collisions, [], 'no offset was given twice')
  t.equal(top, wanted.length, 'the stream has what was acknowledged and nothing else')
  const isAtTop = (client: StressClient): boolean => {
    const following = client.on(channel)
    return following.epoch === epoch && following.offset >= top
  }
  await waitFor('everybody to have all', () => clients.every(isAtTop), PATIENCE_MS)
  const differing = clients.filter((client) => {
    const { heard, from } = client.on(channel)
    return JSON.stringify(heard) !== JSON.stringify(wanted.slice(from))
  })
  t.equal(differing.length, 0, 'each has the stream as it was acknowledged')
  t.strictSame(
    clients.flatMap((client) => client.faults()),
    [],
    'no gap, no duplicate',
  )
}

/** Nothing of clients that are gone is left in a process: what it counts itself, and what it holds open. */
export async function assertNothingLeft(
  t: Test,
  node: StressNode,
  baseline: LeakSample,
): Promise<LeakSample> {
  for (const gauge of ['socket_connections', 'socket_channels', 'socket_subscriptions']) {
    await waitFor(`${gauge} 0`, async () => (await node.metric(gauge)) === 0, PATIENCE_MS)
  }
  const left = await waitFor(
    'sockets and timers to go',
    async () => {
      const sample = await node.probe()
      const isClean = sample.sockets <= baseline.sockets && sample.timers <= baseline.timers
      return isClean ? sample : null
    },
    PATIENCE_MS,
  )
  t.ok(left, 'no socket and no timer is left')
  return left
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createClient } from 'redis'
import type { Test } from 'tap'
import {
  type RedisConnections,
  openRedis,
  type RedisOptions,
} from '../../../src/app/redis/open-redis.js'
import { AppError } from '../../../src/errors/app-error.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { waitFor } from '../../helpers/wait-for.js'

const HOST = '127.0.0.1'
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/**
 * Why tests with a real server are skipped; false when they are not. With REQUIRE_SERVICES=1 a missing server
 * is a failure.
 */
export function redisMissing(): string | false {
  if (spawnSync('redis-server', ['--version']).status === 0) return false
  const reason = 'redis-server is not on PATH'
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(reason)
  return reason
}

/** A throwaway server. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Ends it without warning. */
  kill(): Promise<void>
  /** Starts it again on the same port and with the same files. */
  restart(): Promise<void>
  /** One command on a connection of its own. */
  command(...args: string[]): Promise<unknown>
  /** How often the server has run each command since it started. */
  calls(): Promise<Record<string, number>>
}

/**
 * A port on which nobody listens, below those that the kernel gives to outgoing connections: a client that
 * keeps dialling a closed port up there can end up connected to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, HOST, () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

export async function startRedis(t: Test, ...options: string[]): Promise<RedisServer> {
  return startServer(t, 'server', options)
}

async function startServer(
  t: Test,
  name: string,
  options: readonly string[],
): Promise<RedisServer> {
  const port = await freePort()
  const dir = `${t.testdirName}-${name}-${port}`
  mkdirSync(dir, { recursive: true })
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  const args = ['--port', String(port), '--bind', HOST, '--dir', dir, '--save', '', ...options]
  let child: ChildProcess | undefined

  async function begin(): Promise<void> {
    child = spawn('redis-server', args, { stdio: 'ignore' })
    children.add(child)
    await waitFor('redis answers', () => command(port, ['PING']).catch(() => undefined))
  }
  async function kill(): Promise<void> {
    const ending = child
    child = undefined
    if (!ending) return
    const ended = new Promise((resolve) => ending.once('exit', resolve))
    ending.kill('SIGKILL')
    await ended
    children.delete(ending)
  }

  await begin()
  t.teardown(kill)
  return {
    port,
    url: `redis://${HOST}:${port}`,
    kill,
    restart: begin,
    command: (...words) => command(port, words),
    async calls() {
      const info = String(await command(port, ['INFO', 'commandstats']))
      const lines = [...info.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)]
      return Object.fromEntries(lines.map(([, word = '', count]) => [word, Number(count)]))
    },
  }
}

/** Three masters that hold all slots among them. */
export async function startCluster(t: Test): Promise<readonly RedisServer[]> {
  const nodes = await Promise.all(
    [0, 1, 2].map(async () =>
      startServer(t, 'node', [
        ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'],
        ...['--cluster-port', String(await freePort())],
        ...['--cluster-require-full-coverage', 'no'],
      ]),
    ),
  )
  const [first] = nodes
  if (!first) throw new Error('no node')
  const bounds = [0, 5461, 10_923, 16_384]
  for (const [index, node] of nodes.entries()) {
    const range = [String(bounds[index]), String((bounds[index + 1] ?? 0) - 1)]
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
    await node.command('CLUSTER', 'ADDSLOTSRANGE', ...range)
  }
  for (const node of nodes.slice(1)) {
    const info = String(await node.command('CLUSTER', 'NODES'))
    const busPort = /@(\d+)/.exec(info)?.[1] ?? ''
    await first.command('CLUSTER', 'MEET', HOST, String(node.port), busPort)
  }
  await waitFor('the cluster stands', async () => {
    const infos = await Promise.all(nodes.map((node) => node.command('CLUSTER', 'INFO')))
    return infos.every((info) => {
      const text = String(info)
      return text.includes('cluster_state:ok') && text.includes('cluster_known_nodes:3')
    })
  })
  return nodes
}

export interface SentinelGroup {
  readonly master: RedisServer
  readonly replica: RedisServer
  readonly urls: readonly string[]
}

/** A master `main`, a replica and three Sentinels that move it within about a second. */
export async function startSentinelGroup(t: Test): Promise<SentinelGroup> {
  const master = await startRedis(t)
  const replica = await startRedis(t, '--replicaof', HOST, String(master.port))
  await waitFor('the replica follows', async () =>
    String(await replica.command('INFO', 'replication')).includes('master_link_status:up'),
  )
  const sentinels = await Promise.all([0, 1, 2].map(() => startSentinel(t, master.port)))
  await waitFor('the sentinels know each other and the replica', async () => {
    const views = await Promise.all(
      sentinels.map(async (port) => [
        await command(port, ['SENTINEL', 'SENTINELS', 'main']),
        await command(port, ['SENTINEL', 'REPLICAS', 'main']),
      ]),
    )
    return views.every(
      ([others, replicas]) => listLength(others) === 2 && listLength(replicas) === 1,
    )
  })
  return { master, replica, urls: sentinels.map((port) => `redis://${HOST}:${port}`) }
}

async function startSentinel(t: Test, masterPort: number): Promise<number> {
  const port = await freePort()
  const dir = `${t.testdirName}-sentinel-${port}`
  mkdirSync(dir, { recursive: true })
  const file = `${dir}/sentinel.conf`
  const lines = [
    `port ${port}`,
    `bind ${HOST}`,
    `dir ${dir}`,
    `sentinel monitor main ${HOST} ${masterPort} 2`,
    'sentinel down-after-milliseconds main 500',
    'sentinel failover-timeout main 2000',
  ]
  await writeFile(file, lines.join('\n'))
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  children.add(child)
  t.teardown(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    children.delete(child)
    await rm(dir, { recursive: true, force: true })
  })
  await waitFor('the sentinel answers', () => command(port, ['PING']).catch(() => undefined))
  return port
}

function listLength(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}

/** A TCP proxy that can be made to fail. */
export interface FaultProxy {
  readonly url: string
  readonly port: number
  /** Bytes are taken and never passed on; also on new connections. */
  stall(): void
  /** Connections break, and new ones are refused at once. */
  cut(): void
  /** Passes bytes on again; connections that stalled or broke stay so. */
  heal(): void
}

export async function startProxy(t: Test, targetPort: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  let mode: 'pass' | 'stall' | 'cut' = 'pass'
  const stalled = new WeakSet<Socket>()
  const server = createServer({ noDelay: true }, (near) => {
    if (mode === 'cut') {
      near.destroy()
      return
    }
    const far = connect({ port: targetPort, host: HOST, noDelay: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      if (mode === 'stall') stalled.add(from)
      from.on('data', (chunk) => {
        if (!stalled.has(from)) to.write(chunk)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  const { port } = server.address() as AddressInfo
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    port,
    url: `redis://${HOST}:${port}`,
    stall() {
      mode = 'stall'
      for (const socket of sockets) stalled.add(socket)
    },
    cut() {
      mode = 'cut'
      for (const socket of sockets) socket.destroy()
    },
    heal() {
      mode = 'pass'
    },
  }
}

/** Connections that are closed with the test; not started. */
export function openTestRedis(
  t: Test,
  options: Partial<RedisOptions> & Pick<RedisOptions, 'urls'>,
): RedisConnections & { readonly logger: ReturnType<typeof createMemoryLogger> } {
  const logger = createMemoryLogger()
  const redis = openRedis({
    commandTimeoutMs: 1_000,
    startTimeoutMs: 3_000,
    channelPrefix: 'test:',
    logger,
    ...options,
  })
  t.teardown(() => redis.close())
  return { ...redis, logger }
}

/** How a promise ends: its value, or the reason of its AppError. */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise
  } catch (error) {
    return error instanceof AppError ? error.reason : error
  }
}

/** One command on a connection of its own. */
async function command(port: number, args: readonly string[]): Promise<unknown> {
  const client = createClient({
    socket: { host: HOST, port, reconnectStrategy: false, connectTimeout: 1_000 },
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await client.sendCommand(args)
  } finally {
    client.destroy()
  }
}

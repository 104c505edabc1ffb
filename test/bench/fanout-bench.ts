/**
 * CPU per delivery in a room of 1,000, against a loop of `ws.send(string)` in the same run: one publication at a time,
 * 16 outstanding, and 200 a second; then the memory of an idle signed-in connection with two subscriptions. The row
 * between them writes a frame that was made once, and does nothing else: the least that a delivery costs on Node.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { appEnv, BINARY } from '../helpers/app-process.js'
import { registerAndLogin } from '../helpers/http-client.js'
import { LOAD_CORE, pin, serve, type Served, SERVER_CORE } from './child.js'
import type { LoadPlan, LoadResult } from './fanout-load.js'
import {
  cpuMicroseconds,
  inTurns,
  median,
  noisePercent,
  printTable,
  residentBytes,
} from './measure.js'

const ROOM = 1_000
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 4)
const TURN_MS = Number(process.env['BENCH_TURN_MS'] ?? 2_000)
const BUSY_OUTSTANDING = 16
const RATE_PER_SECOND = 200
const IDLE_CLIENTS = Number(process.env['BENCH_IDLE_CLIENTS'] ?? 9_000)
const CLIENTS_PER_USER = 50
const LINE_BYTES = 250
/** Node collects what connections leave behind on their way in, and what pings do, when it pleases: a look is one moment. */
const MEMORY_LOOKS = 24
const MEMORY_LOOK_MS = 5_000
/** CPU time is counted in steps of 10 ms, so a small cost needs a long look. */
const IDLE_LOOK_MS = 10_000

interface Load {
  run(command: string): Promise<LoadResult>
  end(): Promise<void>
}

/** A server with its room full, and who fills it. */
interface Room {
  readonly served: Served
  readonly load: Load
}

interface Sample {
  readonly cpuPerDelivery: number
  /** Of it, what the server would have used in that time if nobody had spoken. */
  readonly idlePerDelivery: number
  readonly perSecond: number
  readonly perFrame: number
  readonly result: LoadResult
}

export async function benchFanout(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const env = appEnv({
    dataDir,
    env: {
      APP_REALTIME_NAMESPACES_BENCH_PUBLISH: 'signed-in',
      APP_SOCKET_CONNECTIONS_MAX: '20000',
      APP_SOCKET_CONNECTIONS_PER_ADDRESS_MAX: '0',
      APP_SOCKET_MESSAGES_PER_SECOND_MAX: '1000000',
      APP_AUTH_ACCESS_TOKEN_SECONDS: '3600',
      APP_LOG_LEVEL: 'info',
    },
  }) as Record<string, string>
  const http = await serve([BINARY, 'http'], env)
  const servers: Served[] = [http]
  try {
    const script = `${PACKAGE_ROOT}dist/test/bench/fanout-bare.js`
    const bare = await serve([script, 'string'])
    const least = await serve([script, 'frame'])
    const socket = await serve([BINARY, 'socket'], env)
    servers.push(bare, least, socket)
    for (const { pid } of [bare, least, socket]) pin(pid, SERVER_CORE)
    const url = `http://${http.addresses['http']}`
    await fanOut({ bare, least, socket }, await tokensFor(url, 'room', ROOM))
    // A process of its own: what the rooms left behind is collected when node pleases.
    const quiet = await serve([BINARY, 'socket'], env)
    servers.push(quiet)
    pin(quiet.pid, SERVER_CORE)
    await idle(quiet, await tokensFor(url, 'idle', IDLE_CLIENTS))
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function fanOut(
  { bare, least, socket }: Record<'bare' | 'least' | 'socket', Served>,
  tokens: readonly string[],
): Promise<void> {
  const plan = { clients: ROOM, tokens, channel: 'bench:room', lineBytes: LINE_BYTES }
  const open = async (served: Served, kind: LoadPlan['kind'], listener: string): Promise<Room> => ({
    served,
    load: await startLoad({ ...plan, kind, ...addressOf(served, listener) }),
  })
  const rooms = {
    'ws, send(string)': await open(bare, 'bare', 'bare'),
    'frame made once, socket.write': await open(least, 'bare', 'bare'),
    'app socket': await open(socket, 'channel', 'socket'),
  }
  const idlePerSecond = await measureIdle(rooms)
  for (const [title, command] of [
    ['one publication at a time', 'run 1'],
    [`${BUSY_OUTSTANDING} publications outstanding`, `run ${BUSY_OUTSTANDING}`],
    [`${RATE_PER_SECOND} publications a second`, `rate ${RATE_PER_SECOND}`],
  ] as const) {
    const subjects = Object.fromEntries(
      Object.entries(rooms).map(([name, room]) => [
        name,
        () => takeTurn(room, command, idlePerSecond.get(name) ?? 0),
      ]),
    )
    // The first turn of each is for the compiler.
    for (const subject of Object.values(subjects)) await subject()
    process.stdout.write(`\nroom of ${ROOM}, ${title}\n`)
    print(await inTurns(subjects, ROUNDS))
  }
  await Promise.all(Object.values(rooms).map(({ load }) => load.end()))
}

async function takeTurn(
  { served, load }: Room,
  command: string,
  idlePerSecond: number,
): Promise<Sample> {
  const before = cpuMicroseconds(served.pid)
  const result = await load.run(`${command} ${TURN_MS}`)
  const cpu = cpuMicroseconds(served.pid) - before
  const perSecond = (result.deliveries / result.elapsedMs) * 1000
  return {
    cpuPerDelivery: cpu / result.deliveries,
    idlePerDelivery: idlePerSecond / perSecond,
    perSecond,
    perFrame: result.deliveries / result.frames,
    result,
  }
}

/**
 * What each costs while nobody speaks, in microseconds a second: it is in every figure, and weighs the more the fewer
 * deliveries a busy machine gets done.
 */
async function measureIdle(
  rooms: Readonly<Record<string, Room>>,
): Promise<ReadonlyMap<string, number>> {
  const costs = new Map<string, number>()
  const look = (sign: 1 | -1): void => {
    for (const [name, { served }] of Object.entries(rooms)) {
      costs.set(name, (costs.get(name) ?? 0) + sign * cpuMicroseconds(served.pid))
    }
  }
  look(-1)
  await new Promise((resolve) => setTimeout(resolve, IDLE_LOOK_MS))
  look(1)
  for (const [name, cost] of costs) costs.set(name, (cost / IDLE_LOOK_MS) * 1000)
  const shown = [...costs].map(([name, cost]) => `${name} ${(cost / 1000).toFixed(1)} ms/s`)
  process.stdout.write(`idle, ${ROOM} connections: ${shown.join('; ')}\n`)
  return costs
}

function print(samples: Record<string, Sample[]>): void {
  const [baseline = 1] = Object.values(samples).map((own) =>
    median(own.map(({ cpuPerDelivery }) => cpuPerDelivery)),
  )
  const shown = (own: readonly Sample[], key: Exclude<keyof Sample, 'result'>): number =>
    median(own.map((sample) => sample[key]))
  printTable([
    ['', 'CPU µs/delivery', 'ratio', 'noise', 'idle part', 'deliveries/s', 'a frame', 'p50', 'p99'],
    ...Object.entries(samples).map(([name, own]) => {
      const cpu = shown(own, 'cpuPerDelivery')
      return [
        name,
        cpu.toFixed(2),
        (cpu / baseline).toFixed(2),
        `±${noisePercent(own.map(({ cpuPerDelivery }) => cpuPerDelivery))}%`,
        shown(own, 'idlePerDelivery').toFixed(2),
        Math.round(shown(own, 'perSecond')),
        shown(own, 'perFrame').toFixed(1),
        median(own.map(({ result }) => result.p50Ms)).toFixed(1),
        median(own.map(({ result }) => result.p99Ms)).toFixed(1),
      ]
    }),
  ])
}

async function idle(socket: Served, tokens: readonly string[]): Promise<void> {
  const before = residentBytes(socket.pid)
  const startedAt = performance.now()
  const load = await startLoad({
    ...{ kind: 'channel', ...addressOf(socket, 'socket') },
    ...{ clients: IDLE_CLIENTS, tokens, channel: 'bench:idle', lineBytes: LINE_BYTES },
  })
  const connectMs = performance.now() - startedAt
  const kibibytesEach: number[] = []
  for (let look = 0; look < MEMORY_LOOKS; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, MEMORY_LOOK_MS))
    kibibytesEach.push((residentBytes(socket.pid) - before) / IDLE_CLIENTS / 1024)
  }
  const [least, most] = [Math.min(...kibibytesEach), Math.max(...kibibytesEach)]
  process.stdout.write(
    `\n${IDLE_CLIENTS} idle signed-in connections with two subscriptions: ` +
      `${median(kibibytesEach).toFixed(1)} KiB RSS each in two minutes, ` +
      `from ${least.toFixed(1)} to ${most.toFixed(1)}; ` +
      `${Math.round((IDLE_CLIENTS / connectMs) * 1000)} connects/s\n`,
  )
  await load.end()
}

async function tokensFor(url: string, name: string, clients: number): Promise<string[]> {
  const users = Math.ceil(clients / CLIENTS_PER_USER)
  const tokens: string[] = []
  for (let user = 0; user < users; user += 1) {
    tokens.push((await registerAndLogin(url, `${name}-${user}`)).accessToken)
  }
  return tokens
}

async function startLoad(plan: LoadPlan): Promise<Load> {
  const script = `${PACKAGE_ROOT}dist/test/bench/fanout-load.js`
  const child = spawn(process.execPath, [script, JSON.stringify(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  pin(child.pid ?? 0, LOAD_CORE)
  const lines = createInterface({ input: child.stdout })
  await nextLine(child, lines)
  return {
    async run(command) {
      child.stdin.write(`${command}\n`)
      return JSON.parse(await nextLine(child, lines)) as LoadResult
    },
    async end() {
      const closed = once(child, 'close')
      child.stdin.write('end\n')
      await closed
    },
  }
}

async function nextLine(child: ChildProcess, lines: Interface): Promise<string> {
  const stop = new AbortController()
  const { signal } = stop
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the load ended early')
  })
  ended.catch(() => undefined)
  try {
    const [line] = (await Promise.race([once(lines, 'line', { signal }), ended])) as [string]
    return line
  } finally {
    stop.abort()
  }
}

function addressOf(served: Served, listener: string): { host: string; port: number } {
  const [host = '', port = ''] = (served.addresses[listener] ?? '').split(':')
  return { host, port: Number(port) }
}

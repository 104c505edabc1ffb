/**
 * 10,000 clients on two socket processes, one of which is killed with -9 while publications go on: how long until the
 * last of its clients is back at the other and has recovered, with the backoff of the published clients. Fails on a gap
 * or a duplicate, never on time. BENCH_CLIENTS, BENCH_STORE (`redis` or `sqlite`; both by default, where Redis is
 * installed), BENCH_RATE (publications a second).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { API_KEY, appEnv, BINARY } from '../helpers/app-process.js'
import { call, registerAndLogin } from '../helpers/http-client.js'
import { startRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { serve, type Served } from './child.js'
import { cpuMicroseconds, printTable } from './measure.js'
import type { RecoveryCheck, RecoveryPlan, RecoveryTimes } from './recovery-load.js'

const CLIENTS = Number(process.env['BENCH_CLIENTS'] ?? 10_000)
const RATE_PER_SECOND = Number(process.env['BENCH_RATE'] ?? 50)
const CLIENTS_PER_CHANNEL = 100
const CLIENTS_PER_USER = 50
/** Publications before the kill, and after the last one is back. */
const STEADY_MS = 2_000
/** Files that a process needs besides those of its clients. */
const SPARE_FILES = 500

interface Row {
  readonly store: string
  readonly times: RecoveryTimes
  readonly check: RecoveryCheck
  readonly published: number
  /** CPU of the surviving server for each client that came. */
  readonly cpuMsPerClient: number
}

export async function benchRecovery(): Promise<void> {
  assertFiles()
  const isMissing = skipUnless('redis')
  const wanted = process.env['BENCH_STORE']
  const stores = wanted ? [wanted] : isMissing === false ? ['redis', 'sqlite'] : ['sqlite']
  const rows: Row[] = []
  for (const store of stores) rows.push(await measure(store))
  printTable([
    ['ms from the kill', 'moved', 'p50', 'p99', 'last', 'retries', 'timeouts', 'CPU ms/client'],
    ...rows.map(({ store, times, cpuMsPerClient }) => [
      ...[store, times.moved],
      ...[times.p50Ms, times.p99Ms, times.lastMs].map((ms) => Math.round(ms)),
      ...[times.retries, times.timeouts, cpuMsPerClient.toFixed(2)],
    ]),
  ])
  process.stdout.write('\n')
  printTable([
    ['', 'published', 'deliveries', 'of them recovered', 'gaps', 'duplicates', 'lost'],
    ...rows.map(({ store, published, check }) => [
      ...[store, published, check.deliveries, check.recoveredPublications],
      ...[check.gaps, check.duplicates, check.lost],
    ]),
  ])
  const wrong = rows.filter(({ check }) => check.gaps + check.duplicates + check.lost > 0)
  if (wrong.length === 0) return
  process.stderr.write(`publications were missed or came twice: ${JSON.stringify(wrong)}\n`)
  process.exitCode = 1
}

async function measure(store: string): Promise<Row> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const redis = store === 'redis' ? await startRedis() : null
  const env = appEnv({
    dataDir,
    env: {
      ...(redis && { APP_REDIS_URL: redis.url }),
      APP_REALTIME_NAMESPACES_BENCH_HISTORY_SIZE: '1000',
      APP_REALTIME_NAMESPACES_BENCH_RECOVERY: 'true',
      APP_SOCKET_CONNECTIONS_MAX: String(2 * CLIENTS),
      APP_SOCKET_CONNECTIONS_PER_ADDRESS_MAX: '0',
      APP_AUTH_ACCESS_TOKEN_SECONDS: '3600',
    },
  }) as Record<string, string>
  const served: Served[] = []
  try {
    // One after the other: the first one makes the keys and the schema.
    for (const kind of ['http', 'socket', 'socket']) served.push(await serve([BINARY, kind], env))
    const [http, one, two] = served as [Served, Served, Served]
    const tokens = await tokensFor(`http://${http.addresses['http']}`)
    return { store, ...(await killOne(one, two, tokens)) }
  } finally {
    await Promise.all(served.map((server) => server.stop()))
    await redis?.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function killOne(
  survivor: Served,
  victim: Served,
  tokens: readonly string[],
): Promise<Omit<Row, 'store'>> {
  const addresses = [survivor, victim].map(({ addresses: { socket = '' } }) => socket)
  const channels = Array.from(
    { length: Math.ceil(CLIENTS / CLIENTS_PER_CHANNEL) },
    (_, index) => `bench:${index}`,
  )
  const load = startLoad({ addresses, clients: CLIENTS, tokens, channels })
  await load.line()
  const publisher = startPublisher(addresses[0] ?? '', channels)
  await pause(STEADY_MS)
  load.say('killed 1')
  await load.line()
  const cpuBefore = cpuMicroseconds(survivor.pid)
  victim.child.kill('SIGKILL')
  const times = JSON.parse(await load.line()) as RecoveryTimes
  const cpu = cpuMicroseconds(survivor.pid) - cpuBefore
  await pause(STEADY_MS)
  const tops = await publisher.stop()
  load.say(`finish ${JSON.stringify(tops)}`)
  const check = JSON.parse(await load.line()) as RecoveryCheck
  await load.ended
  const published = Object.values(tops).reduce((sum, top) => sum + top, 0)
  return { times, check, published, cpuMsPerClient: cpu / 1000 / times.moved }
}

/** Publishes on the channels in turn, at a rate, through one server. */
function startPublisher(
  address: string,
  channels: readonly string[],
): { readonly stop: () => Promise<Record<string, number>> } {
  const tops: Record<string, number> = {}
  const startedAt = performance.now()
  let isOver = false
  async function run(): Promise<void> {
    for (let count = 0; !isOver; count += 1) {
      const channel = channels[count % channels.length] ?? ''
      const { body, text } = await call('POST', `http://${address}/api/publish`, {
        ...{ headers: { 'x-api-key': API_KEY }, json: { channel, data: { count } } },
      })
      const result = body['result'] as { readonly offset: number } | undefined
      if (!result) throw new Error(`publish: ${text}`)
      tops[channel] = result.offset
      await pause(
        Math.max(0, startedAt + ((count + 1) * 1000) / RATE_PER_SECOND - performance.now()),
      )
    }
  }
  const running = run()
  return {
    async stop() {
      isOver = true
      await running
      return tops
    },
  }
}

function startLoad(plan: RecoveryPlan): {
  readonly say: (command: string) => void
  /** The next line that it writes. */
  readonly line: () => Promise<string>
  readonly ended: Promise<unknown>
} {
  const script = `${PACKAGE_ROOT}dist/test/bench/recovery-load.js`
  const child: ChildProcess = spawn(process.execPath, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const { stdout, stdin } = child
  if (!stdout || !stdin) throw new Error('the load has no pipes')
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  stdin.write(`${JSON.stringify(plan)}\n`)
  return {
    say: (command) => stdin.write(`${command}\n`),
    async line() {
      const next = await lines.next()
      if (next.done === true) throw new Error('the load ended early')
      return next.value
    },
    ended,
  }
}

async function tokensFor(url: string): Promise<string[]> {
  const tokens: string[] = []
  for (let user = 0; user < Math.ceil(CLIENTS / CLIENTS_PER_USER); user += 1) {
    tokens.push((await registerAndLogin(url, `client-${user}`)).accessToken)
  }
  return tokens
}

/** Node raises its own limit to the hard one, which has to hold every client in one process. */
function assertFiles(): void {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const hard = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Infinity)
  if (hard >= CLIENTS + SPARE_FILES) return
  throw new Error(`${CLIENTS} clients need more open files than ${hard}: raise ulimit -Hn`)
}

/**
 * How long after its end a session is refused and its sockets closed in other processes: three HTTP and two
 * socket processes, every end asked for at one HTTP process and watched at all others, each session with a
 * socket in both socket processes. Then again with the pub/sub connections of all but the first process cut.
 *
 * BENCH_STORE: `mariadb` (accounts on MariaDB, sessions and messages on Redis; the default where both servers
 * are installed), `redis` (accounts in the SQLite file), `sqlite` (everything in the file, nothing to cut).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { appEnv, BINARY } from '../helpers/app-process.js'
import { call, login, registerAndLogin, type SignedIn } from '../helpers/http-client.js'
import { startMariaDb } from '../helpers/server/mariadb.js'
import { startRedis } from '../helpers/server/redis.js'
import { isSubscription } from '../helpers/server/redis-command.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { startTcpProxy, type TcpProxy } from '../helpers/server/tcp-proxy.js'
import { serve, type Served } from './child.js'
import { printTable } from './measure.js'

const ENDS = 1_000
const ENDS_WHEN_CUT = 100
const SESSIONS_PER_USER = 50
const AT_ONCE = 20
const KINDS = ['http', 'http', 'http', 'socket', 'socket'] as const

type Env = Readonly<Record<string, string>>

/** Where the processes keep their state, and the wire of all but the first one. */
interface Stores {
  readonly name: string
  readonly env: Env
  /** What differs for the others; null where their messages cannot be cut. */
  readonly others: { readonly env: Env; readonly proxy: TcpProxy } | null
  close(): Promise<void>
}

interface House {
  /** Where sessions are made and ended. */
  readonly first: string
  readonly otherHttp: readonly string[]
  readonly sockets: readonly string[]
}

/** A session and a socket of it in each socket process. */
interface Open {
  readonly session: SignedIn
  /** When each of its sockets was closed. */
  readonly closed: readonly Promise<number>[]
}

interface Sample {
  /** From the request that ends the session to the close of its last socket. */
  readonly closedMs: number
  /** From the answer to that request to that close; negative when the close came first. */
  readonly afterAnswerMs: number
  /** Other HTTP processes that still accepted the request after the answer. */
  readonly accepted: number
}

export async function benchRevocation(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const stores = await openStores()
  const common = { ...stores.env, APP_SESSION_POLICY: 'unlimited' }
  const envOf = (index: number): Record<string, string> =>
    appEnv({
      dataDir,
      env: index === 0 ? common : { ...common, ...stores.others?.env },
    }) as Record<string, string>
  const served: Served[] = []
  try {
    // One after the other: the first one makes the keys and the schema.
    for (const [index, kind] of KINDS.entries()) {
      served.push(await serve([BINARY, kind], envOf(index)))
    }
    await measure(stores, houseOf(served))
  } finally {
    await Promise.all(served.map((server) => server.stop()))
    await stores.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function houseOf(served: readonly Served[]): House {
  const addresses = served.map((process, index) => process.addresses[KINDS[index] ?? ''] ?? '')
  const [first = '', ...otherHttp] = addresses.slice(0, 3).map((address) => `http://${address}`)
  return { first, otherHttp, sockets: addresses.slice(3) }
}

async function measure(stores: Stores, house: House): Promise<void> {
  process.stdout.write(`stores: ${stores.name}\n`)
  const open = await openAll(house, 'whole', ENDS)
  process.stdout.write(`${open.length * house.sockets.length} sockets open\n`)
  print('all connected', await endAll(house, open))
  if (stores.others === null) return
  const deaf = await openAll(house, 'cut', ENDS_WHEN_CUT)
  stores.others.proxy.cutMarked()
  print('pub/sub of the others cut', await endAll(house, deaf))
}

async function openStores(): Promise<Stores> {
  const isMissing = skipUnless(['mariadb', 'redis'])
  const store = process.env['BENCH_STORE'] ?? (isMissing === false ? 'mariadb' : 'sqlite')
  if (store === 'sqlite') {
    return { name: store, env: {}, others: null, close: () => Promise.resolve() }
  }
  const redis = await startRedis()
  const proxy = await startTcpProxy({ target: redis, mark: isSubscription })
  const mariaDb = store === 'mariadb' ? await startMariaDb() : null
  const database = await mariaDb?.createDatabase()
  return {
    name: mariaDb === null ? 'SQLite and Redis' : 'MariaDB and Redis',
    env: { APP_REDIS_URL: redis.url, ...(database && { APP_MYSQL_URL: database.url }) },
    others: { env: { APP_REDIS_URL: `redis://${proxy.host}:${proxy.port}` }, proxy },
    async close() {
      await proxy.close()
      await redis.close()
      await mariaDb?.close()
    },
  }
}

async function openAll(house: House, prefix: string, count: number): Promise<Open[]> {
  const open: Open[] = []
  for (let user = 0; open.length < count; user += 1) {
    const username = `${prefix}-${user}`
    const sessions = [await registerAndLogin(house.first, username)]
    while (sessions.length < SESSIONS_PER_USER) {
      const logins = Array.from({ length: 7 }, () => login(house.first, username))
      sessions.push(...(await Promise.all(logins)))
    }
    for (let from = 0; from < sessions.length; from += AT_ONCE) {
      const chunk = sessions.slice(from, from + AT_ONCE)
      open.push(...(await Promise.all(chunk.map((session) => openOne(house, session)))))
    }
  }
  return open
}

async function openOne(house: House, session: SignedIn): Promise<Open> {
  const sockets = await Promise.all(house.sockets.map((address) => register(address, session)))
  return { session, closed: sockets.map(({ closed }) => closed) }
}

async function register(
  address: string,
  session: SignedIn,
): Promise<{ readonly closed: Promise<number> }> {
  const socket = new WebSocket(`ws://${address}/ws`)
  const registration = { token: session.accessToken, event: 'bench', ack: true }
  const closed = new Promise<number>((resolve) =>
    socket.once('close', () => resolve(performance.now())),
  )
  socket.once('open', () => socket.send(JSON.stringify(registration)))
  await new Promise((resolve, reject) => {
    socket.once('message', resolve)
    socket.once('error', reject)
  })
  return { closed }
}

async function endAll(house: House, open: readonly Open[]): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const one of open) samples.push(await endOne(house, one))
  return samples
}

async function endOne(house: House, { session, closed }: Open): Promise<Sample> {
  const token = session.accessToken
  const startedAt = performance.now()
  await call('DELETE', `${house.first}/sessions/${session.sessionId}`, { token })
  const answeredAt = performance.now()
  const next = await Promise.all(house.otherHttp.map((url) => call('GET', `${url}/me`, { token })))
  const closedAt = Math.max(...(await Promise.all(closed)))
  return {
    closedMs: closedAt - startedAt,
    afterAnswerMs: closedAt - answeredAt,
    accepted: next.filter(({ status }) => status !== 401).length,
  }
}

function print(what: string, samples: readonly Sample[]): void {
  const quantiles = (values: readonly number[]): string[] => {
    const sorted = [...values].sort((a, b) => a - b)
    return [0.5, 0.99, 1].map((quantile) =>
      (sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? NaN).toFixed(1),
    )
  }
  printTable([
    [`${what}: ${samples.length} ends, ms`, 'p50', 'p99', 'max'],
    ['end requested → last socket closed', ...quantiles(samples.map((one) => one.closedMs))],
    ['end answered → last socket closed', ...quantiles(samples.map((one) => one.afterAnswerMs))],
  ])
  const accepted = samples.reduce((sum, one) => sum + one.accepted, 0)
  process.stdout.write(`requests accepted in other processes after the answer: ${accepted}\n`)
}

/**
 * How long after its end a session is refused and its socket closed in other processes: two HTTP and two
 * socket processes on one SQLite file (or on the Redis of APP_REDIS_URL), every end sent through one HTTP
 * process, watched in another and at a socket of each socket process.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { appEnv, BINARY } from '../helpers/app-process.js'
import { call, login, registerAndLogin, type SignedIn } from '../helpers/http-client.js'
import { serve } from './child.js'
import { printTable } from './measure.js'

const SESSIONS = 300
const SESSIONS_PER_USER = 50

interface Sample {
  /** From the request that ends the session to the close of its socket. */
  readonly closedMs: number
  /** From the answer to that request to the close of its socket; negative when the close came first. */
  readonly afterAnswerMs: number
  /** Whether the very next request in the other HTTP process was refused. */
  readonly isRefused: boolean
}

export async function benchRevocation(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const env = appEnv({ dataDir, env: { APP_SESSION_LIMIT: '1000' } }) as Record<string, string>
  const kinds = ['http', 'http', 'socket', 'socket'] as const
  const served = await Promise.all(kinds.map((kind) => serve([BINARY, kind], env)))
  try {
    const [first, second, ...sockets] = served.map(
      ({ addresses }, index) => addresses[kinds[index] ?? ''] ?? '',
    )
    const samples: Sample[] = []
    for (let done = 0; done < SESSIONS; done += SESSIONS_PER_USER) {
      const signedIn = await signInMany(`http://${first}`, `user-${done}`)
      for (const [index, session] of signedIn.entries()) {
        const socket = await register(sockets[index % sockets.length] ?? '', session)
        samples.push(await endOne(session, socket, `http://${first}`, `http://${second}`))
      }
    }
    print(samples)
  } finally {
    await Promise.all(served.map((server) => server.stop()))
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function signInMany(url: string, username: string): Promise<SignedIn[]> {
  const sessions = [await registerAndLogin(url, username)]
  while (sessions.length < SESSIONS_PER_USER) sessions.push(await login(url, username))
  return sessions
}

async function register(address: string, session: SignedIn): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${address}/ws`)
  const registration = { token: session.accessToken, event: 'bench', ack: true }
  socket.once('open', () => socket.send(JSON.stringify(registration)))
  await new Promise((resolve, reject) => {
    socket.once('message', resolve)
    socket.once('error', reject)
  })
  return socket
}

async function endOne(
  session: SignedIn,
  socket: WebSocket,
  through: string,
  other: string,
): Promise<Sample> {
  const closed = new Promise<number>((resolve) =>
    socket.once('close', () => resolve(performance.now())),
  )
  const startedAt = performance.now()
  await call('DELETE', `${through}/sessions/${session.sessionId}`, { token: session.accessToken })
  const answeredAt = performance.now()
  const next = await call('GET', `${other}/me`, { token: session.accessToken })
  const closedAt = await closed
  return {
    closedMs: closedAt - startedAt,
    afterAnswerMs: closedAt - answeredAt,
    isRefused: next.status === 401,
  }
}

function print(samples: readonly Sample[]): void {
  const quantiles = (values: readonly number[]): string[] => {
    const sorted = [...values].sort((a, b) => a - b)
    return [0.5, 0.99, 1].map((quantile) =>
      (sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? NaN).toFixed(1),
    )
  }
  printTable([
    [`${samples.length} ends, ms`, 'p50', 'p99', 'max'],
    ['end requested → socket closed', ...quantiles(samples.map((sample) => sample.closedMs))],
    ['end answered → socket closed', ...quantiles(samples.map((sample) => sample.afterAnswerMs))],
  ])
  const accepted = samples.filter((sample) => !sample.isRefused).length
  process.stdout.write(`requests accepted in another process after the answer: ${accepted}\n`)
}

/**
 * A thousand malformed requests, frames, tokens and calls against each service: no crash, no 5xx,
 * memory back to where it was.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { type AppProcess, startApp } from '../helpers/app-process.js'
import { openGrpcClient } from '../helpers/grpc-client.js'
import { call, registerAndLogin } from '../helpers/http-client.js'

const ROUNDS = 1000
const FILE_TIMEOUT_MS = 180_000
const IN_FLIGHT = 20
/** A connection closed for garbage waits for its peer's close; more of them at once cost nothing. */
const SOCKETS_IN_FLIGHT = 100
/** Garbage that announces a long frame is waited for until the peer has been silent for too long. */
const IMPATIENT = {
  APP_SOCKET_REGISTRATION_TIMEOUT_MS: '2000',
  APP_SOCKET_IDLE_TIMEOUT_MS: '2000',
  APP_SOCKET_PING_INTERVAL_MS: '1000',
}
const MEMORY_GROWTH_BYTES_MAX = 64 * 1024 * 1024

t.setTimeout(FILE_TIMEOUT_MS)

function residentBytes(app: AppProcess): number {
  const status = readFileSync(`/proc/${app.child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
}

/** Runs `attack` for every round, a few at a time. */
async function repeat(
  attack: (round: number) => Promise<void>,
  inFlight = IN_FLIGHT,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let round = next++; round < ROUNDS; round = next++) await attack(round)
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

/** Sends raw bytes, half-closes, and gives what came back before the server hung up. */
async function sendRaw(address: string, bytes: Buffer | string): Promise<string> {
  const [host = '', port] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host)
    let received = ''
    const end = (): void => {
      socket.destroy()
      resolve(received)
    }
    socket.setTimeout(2000, end)
    socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk))
    socket.on('error', end)
    socket.on('close', end)
    socket.end(bytes)
  })
}

function isServerError(answer: string): boolean {
  return /^HTTP\/1\.1 5/.test(answer)
}

const ROUTES = [
  '/auth/register',
  '/auth/login',
  '/auth/refresh_token',
  '/sessions/x',
  '/me',
  '/push',
]
const BODIES: readonly (() => string)[] = [
  () => '{"username":"a',
  () => '[]',
  () => 'null',
  () => '{"username":1,"password":{"$gt":""}}',
  () => `{"username":"abc","password":"${'p'.repeat(1024 * 1024)}"}`,
  () => '{"__proto__":{"role":"admin"},"username":"abcd","password":"12345678"}',
  () => '{"refreshToken":"a.b.c"}',
  () => '['.repeat(20_000),
  () => randomBytes(64).toString('latin1'),
  () => '{"username":"abcd","password":"12345678","role":"admin"}',
]

function malformedRequest(round: number): Buffer | string {
  const route = ROUTES[round % ROUTES.length] ?? '/'
  const body = (BODIES[round % BODIES.length] ?? (() => ''))()
  switch (round % 7) {
    case 0:
      return randomBytes(randomInt(1, 2048))
    case 1:
      return `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`
    case 2:
      return `GET /me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${randomBytes(300).toString('base64url')}.a.b\r\n\r\n`
    case 3:
      return `GET /me HTTP/1.1\r\nhost: x\r\nx-a: ${'b'.repeat(40_000)}\r\n\r\n`
    case 4:
      return `POST ${route} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n{`
    case 5:
      return `POST ${route} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\nzz\r\n`
    default:
      return (
        `POST ${route} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
      )
  }
}

await t.test('HTTP and socket services survive malformed requests and tokens', async (t) => {
  const app = await startApp(t, 'up', { dataDir: t.testdir() })
  const errors: string[] = []
  for (const service of ['http', 'socket'] as const) {
    const attack = async (round: number): Promise<void> => {
      const answer = await sendRaw(app.address(service), malformedRequest(round))
      if (isServerError(answer)) errors.push(`${service} ${round}: ${answer.slice(0, 200)}`)
    }
    await repeat(attack)
    const before = residentBytes(app)
    await repeat(attack)
    const growth = residentBytes(app) - before
    t.ok(growth < MEMORY_GROWTH_BYTES_MAX, `${service} grew by ${growth} bytes`)
    t.match(await call('GET', `http://${app.address(service)}/health/ready`), { status: 200 })
  }
  t.same(errors, [])
  t.equal(app.child.exitCode, null)
  t.same(await app.stop(), { code: 0, signal: null })
})

await t.test('the socket service survives malformed frames', async (t) => {
  const app = await startApp(t, 'up', { dataDir: t.testdir(), env: IMPATIENT })
  const closes = new Map<number, number>()
  const attack = async (round: number): Promise<void> => {
    const path = round % 2 === 0 ? '/ws' : '/socket_server'
    const socket = new WebSocket(`ws://${app.address('socket')}${path}`)
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    socket.on('error', () => undefined)
    socket.on('open', () => {
      const body = (BODIES[round % BODIES.length] ?? (() => ''))()
      if (round % 5 === 0) {
        // Not a frame at all: straight to the TCP socket below the protocol.
        ;(socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(
          randomBytes(64),
        )
      } else socket.send(round % 3 === 0 ? randomBytes(128) : body)
      socket.close(1000)
    })
    const code = await closed
    closes.set(code, (closes.get(code) ?? 0) + 1)
  }
  await repeat(attack, SOCKETS_IN_FLIGHT)
  const before = residentBytes(app)
  await repeat(attack, SOCKETS_IN_FLIGHT)
  const growth = residentBytes(app) - before
  t.ok(growth < MEMORY_GROWTH_BYTES_MAX, `grew by ${growth} bytes`)
  t.notOk(closes.has(1011), 'no frame makes an internal error')
  const user = await registerAndLogin(`http://${app.address('http')}`, 'after')
  t.ok(user.accessToken)
  t.same(await app.stop(), { code: 0, signal: null })
})

await t.test('the gRPC service survives malformed calls and tokens', async (t) => {
  const app = await startApp(t, 'grpc', { dataDir: t.testdir() })
  const verify = openGrpcClient(t, app.address('grpc'), 'session')
  const reasons = new Set<unknown>()
  const attack = async (round: number): Promise<void> => {
    if (round % 2 === 0) {
      await sendRaw(app.address('grpc'), randomBytes(randomInt(1, 4096)))
      return
    }
    const token = randomBytes(randomInt(1, 6000)).toString(round % 4 === 1 ? 'base64url' : 'latin1')
    const answer = await verify('Verify', { access_token: token })
    if (answer['active'] !== false) throw new Error('a random token is active')
    reasons.add(answer['reason'])
  }
  await repeat(attack)
  const before = residentBytes(app)
  await repeat(attack)
  const growth = residentBytes(app) - before
  t.ok(growth < MEMORY_GROWTH_BYTES_MAX, `grew by ${growth} bytes`)
  t.same([...reasons], ['token_malformed'])
  t.same(await app.stop(), { code: 0, signal: null })
})

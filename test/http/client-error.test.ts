import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import t from 'tap'
import { createClientErrorHandler } from '../../src/http/client-error.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { createTestHttp } from '../helpers/http-fakes.js'
import { listen, openRaw } from '../helpers/raw-http.js'
import { waitFor } from '../helpers/wait-for.js'

async function exchange(port: number, bytes: string | Buffer): Promise<string> {
  const raw = await openRaw(port, bytes)
  await waitFor('the server hangs up', raw.isClosed)
  return raw.received()
}

function problemOf(answer: string): Record<string, unknown> {
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  return JSON.parse(body) as Record<string, unknown>
}

await t.test('bytes that are no HTTP get a problem document and a hang-up', async (t) => {
  const { server, lines } = createTestHttp()
  const port = await listen(server)
  for (const bytes of [
    '\0\0\0\0',
    'GET\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01',
  ]) {
    const answer = await exchange(port, bytes)
    t.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/, JSON.stringify(bytes))
    t.match(answer, 'content-type: application/problem+json')
    t.match(answer, 'content-security-policy: ')
    t.match(answer, 'connection: close')
    const problem = problemOf(answer)
    t.match(problem, { status: 400, code: 'INVALID_ARGUMENT', reason: 'request_malformed' })
    t.match(answer, `x-request-id: ${String(problem['requestId'])}\r\n`)
  }
  t.match(lines.at(-1), { level: 30, msg: 'unreadable request', reason: 'request_malformed' })
  t.equal((await server.inject('/hello')).statusCode, 200, 'the server lives on')
  await server.close()
})

await t.test('headers over the limit are 431', async (t) => {
  const { server } = createTestHttp({ options: { headerBytesMax: 2048 } })
  const port = await listen(server)
  const answer = await exchange(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(4096)}\r\n\r\n`)
  t.match(answer, /^HTTP\/1\.1 431 /)
  t.match(problemOf(answer), {
    status: 431,
    code: 'RESOURCE_EXHAUSTED',
    reason: 'headers_too_large',
  })
  await server.close()
})

await t.test('a request that comes too slowly is 408', async (t) => {
  const { server } = createTestHttp({ options: { requestTimeoutMs: 50 } })
  const port = await listen(server)
  const answer = await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\n')
  t.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/)
  t.match(problemOf(answer), { status: 408, code: 'DEADLINE_EXCEEDED', reason: 'request_timeout' })
  await server.close()
})

await t.test('200 connections of random bytes do no harm', async (t) => {
  const { server } = createTestHttp()
  const port = await listen(server)
  for (let i = 0; i < 200; i += 1) {
    const answer = await exchange(port, Buffer.concat([randomBytes(64), Buffer.from('\r\n\r\n')]))
    if (!answer.startsWith('HTTP/1.1 400 ')) t.fail(`unexpected: ${answer.slice(0, 40)}`)
  }
  t.equal((await server.inject('/hello')).statusCode, 200)
  await server.close()
})

await t.test('nothing is written where an answer has begun or nobody listens', (t) => {
  const logger = createMemoryLogger()
  const handle = createClientErrorHandler(logger, true)
  const written: string[] = []
  const socketOf = (state: object): Socket & { destroyed: boolean } => {
    const socket = {
      writable: true,
      destroyed: false,
      write: (text: string) => written.push(text),
      destroy() {
        this.destroyed = true
      },
      destroySoon() {
        this.destroyed = true
      },
      ...state,
    }
    return socket as unknown as Socket
  }
  const gone = socketOf({ writable: false })
  const reset = socketOf({})
  const begun = socketOf({ _httpMessage: { headersSent: true } })
  handle(new Error('x'), gone)
  handle(Object.assign(new Error('x'), { code: 'ECONNRESET' }), reset)
  handle(new Error('x'), begun)
  t.ok(gone.destroyed && reset.destroyed && begun.destroyed)
  t.same(written, [])
  t.same(logger.lines, [])

  handle(new Error('x'), socketOf({ _httpMessage: { headersSent: false } }))
  t.match(written, [/strict-transport-security: max-age=/])
  t.end()
})

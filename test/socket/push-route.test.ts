import fastify from 'fastify'
import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import { createPushRoute } from '../../src/socket/push-route.js'
import { API_KEY, type SocketServer, startSocketServer } from './socket-server.js'

const headers = { 'x-api-key': API_KEY, 'content-type': 'application/json' }
const push = { userId: 'ada', event: 'mail', message: 'hello' }

function post(server: SocketServer, body: unknown, more: Record<string, string> = headers) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(`http://127.0.0.1:${server.port}/push`, {
    method: 'POST',
    headers: more,
    body: text,
  })
}

await t.test('a push reaches the registered connections and says how many', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const clients = await Promise.all([1, 2, 3].map(() => server.connect('/ws')))
  for (const client of clients) {
    client.send({ token: 'token', event: 'mail', ack: true })
    await client.frame(1)
  }
  const response = await post(server, push)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.same(await response.json(), { delivered: 3, processes: { asked: 1, answered: 1 } })
  for (const client of clients) t.equal(await client.frame(2), 'hello')
})

await t.test('nobody listening is a success with 0', async (t) => {
  const server = await startSocketServer(t)
  const response = await post(server, push)
  t.equal(response.status, 200)
  t.match(await response.json(), { delivered: 0 })
})

await t.test('member names may have any case, and a silent process shows', async (t) => {
  const inputs: unknown[] = []
  const server = await startSocketServer(t, {
    push: {
      drop: async () => ({ connections: 0, processes: { asked: 1, answered: 1, missing: [] } }),
      push: async (input) => {
        inputs.push(input)
        return { delivered: 2, processes: { asked: 3, answered: 2 } }
      },
    },
  })
  const response = await post(server, { USERID: 'ada', Event: 'mail', message: 'x', more: 1 })
  t.same(await response.json(), { delivered: 2, processes: { asked: 3, answered: 2 } })
  t.same(inputs, [{ userId: 'ada', event: 'mail', message: 'x' }])
})

await t.test('a caller without the key is refused before the body is looked at', async (t) => {
  const server = await startSocketServer(t)
  for (const key of [undefined, 'wrong']) {
    const more = { 'content-type': 'application/json', ...(key && { 'x-api-key': key }) }
    const response = await post(server, '{broken', more)
    t.equal(response.status, 401)
    t.match(await response.json(), { reason: 'api_key_invalid' })
  }
})

await t.test('what is not JSON, or not these texts, is refused', async (t) => {
  const server = await startSocketServer(t)
  t.equal((await post(server, '{broken')).status, 400)
  t.equal((await post(server, push, { ...headers, 'content-type': 'text/plain' })).status, 415)
  t.equal((await post(server, 'x', { 'x-api-key': API_KEY })).status, 415)
  for (const [body, path] of [
    [[], 'body.userId'],
    ['null', 'body.userId'],
    ['"text"', 'body.userId'],
    [{ ...push, userId: 7 }, 'body.userId'],
    [{ userId: 'ada', message: 'x' }, 'body.event'],
    [{ ...push, message: { a: 1 } }, 'body.message'],
  ] as const) {
    const response = await post(server, body)
    t.equal(response.status, 400)
    t.match(await response.json(), { code: 'INVALID_ARGUMENT', details: [{ path }] })
  }
})

await t.test('a refusal of the service is passed on', async (t) => {
  const server = await startSocketServer(t, {
    push: {
      drop: async () => ({ connections: 0, processes: { asked: 1, answered: 1, missing: [] } }),
      push: async () => {
        throw new AppError('INVALID_ARGUMENT', 'invalid_argument', 'event must not be empty')
      },
    },
  })
  t.equal((await post(server, push)).status, 400)
})

await t.test('a message of the greatest size passes however it is escaped', async (t) => {
  const server = await startSocketServer(t)
  const escaped = `{"userId":"ada","event":"mail","message":"${'\\u0041'.repeat(65_536)}"}`
  t.equal((await post(server, escaped)).status, 200)
  const over = await post(server, { ...push, message: 'x'.repeat(500_000) })
  t.equal(over.status, 413)
})

await t.test('other methods are told which one is right', async (t) => {
  const server = await startSocketServer(t)
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const response = await fetch(`http://127.0.0.1:${server.port}/push`, { method })
    t.equal(response.status, 405)
    t.equal(response.headers.get('allow'), 'POST')
    t.match(await response.json(), { reason: 'method_not_allowed' })
  }
})

await t.test('the route stands on a server that reads JSON only', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  app.removeContentTypeParser('text/plain')
  const pushed: unknown[] = []
  await app.register(
    createPushRoute({
      push: {
        drop: async () => ({ connections: 0, processes: { asked: 1, answered: 1, missing: [] } }),
        push: async (input) => {
          pushed.push(input)
          return { delivered: 0, processes: { asked: 1, answered: 1 } }
        },
      },
      apiKeyGuard: (_request, _reply, done) => done(),
    }),
  )
  const response = await app.inject({ method: 'POST', url: '/push', payload: push })
  t.equal(response.statusCode, 200)
  t.same(pushed, [push])
})

await t.test('a push with a receipt, and a drop', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const client = await server.connect('/ws')
  client.send({ token: 'token', event: 'mail', ack: true })
  await client.frame(1)
  const response = await post(server, { ...push, receipt: 'written' })
  t.match(await response.json(), {
    delivered: 1,
    receipt: { processes: { asked: 1, answered: 1, missing: [] }, written: 1, dropped: 0 },
  })
  t.equal((await post(server, { ...push, receipt: 'all' })).status, 400)
  const drop = async (body: unknown, more: Record<string, string> = headers) =>
    fetch(`http://127.0.0.1:${server.port}/push/drop`, {
      ...{ method: 'POST', headers: more, body: JSON.stringify(body) },
    })
  t.equal((await drop({ userId: 'ada' }, { 'content-type': 'application/json' })).status, 401)
  t.equal((await drop({})).status, 400)
  t.match(await (await drop({ userId: 'ada', event: 'other' })).json(), { connections: 0 })
  t.match(await (await drop({ userId: 'ada' })).json(), { connections: 1 })
  t.strictSame(await client.closed, { code: 1000, reason: 'dropped' })
})

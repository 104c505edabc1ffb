import t from 'tap'
import { API_KEY, type SocketServer, startSocketServer } from '../socket-server.js'

const JSON_TYPE = { 'content-type': 'application/json' }

async function post(
  server: SocketServer,
  operation: string,
  body: unknown,
  headers: Record<string, string> = { ...JSON_TYPE, 'x-api-key': API_KEY },
) {
  const response = await fetch(`http://127.0.0.1:${server.port}/api/${operation}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

await t.test('results and errors have the shape of Centrifugo, with status 200', async (t) => {
  const server = await startSocketServer(t)
  t.match(await post(server, 'publish', { channel: 'kept:a', data: { x: 1 } }), {
    status: 200,
    body: { result: { offset: 1, epoch: String } },
  })
  t.strictSame(await post(server, 'publish', { channel: 'other:a', data: 1 }), {
    status: 200,
    body: {
      error: { code: 102, message: 'There is no namespace for the channel "other:a".' },
    },
  })
  server.line.setDown(true)
  t.match(await post(server, 'publish', { channel: 'kept:a', data: 1 }), {
    status: 200,
    body: { error: { code: 100 } },
  })
  server.line.setDown(false)
  t.ok(server.logger.lines.some(({ message }) => message === 'api call failed'))
})

await t.test('data goes out as it was written', async (t) => {
  const server = await startSocketServer(t)
  const data = '{"b": 12345678901234567890, "a":[1.0]}'
  await post(server, 'publish', `{"data":${data},"channel":"kept:a"}`)
  await post(server, 'broadcast', `{ "channels":["kept:a"],\n"data" : [\n-0 ] }`)
  const headers = { ...JSON_TYPE, 'x-api-key': API_KEY }
  const history = await fetch(`http://127.0.0.1:${server.port}/api/history`, {
    ...{ method: 'POST', headers, body: '{"channel":"kept:a","limit":9}' },
  })
  const text = await history.text()
  t.match(text, `"data":${data},"offset":1`)
  t.match(text, '"data":[ -0 ],"offset":2')
})

await t.test('without the key, or without JSON, nothing is done', async (t) => {
  const server = await startSocketServer(t)
  for (const key of [{}, { 'x-api-key': 'wrong' }]) {
    t.match(await post(server, 'publish', '{broken', { ...JSON_TYPE, ...key }), {
      status: 401,
      body: { reason: 'api_key_invalid' },
    })
  }
  t.equal((await post(server, 'publish', '{broken')).status, 400)
  t.match(await post(server, 'publish', ''), { status: 200, body: { error: { code: 107 } } })
  t.match(await post(server, 'publish', Buffer.from('{"data":"\xff"}', 'latin1')), {
    status: 400,
    body: { reason: 'json_malformed' },
  })
  t.match(await post(server, 'publish', '[]'), { body: { error: { code: 107 } } })
  t.equal((await post(server, 'fly', {})).status, 404)
  t.equal(server.line.calls.get('publish'), undefined)
})

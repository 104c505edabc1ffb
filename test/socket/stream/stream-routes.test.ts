import t from 'tap'
import { createFakeBroker } from '../../helpers/fake-broker.js'
import { createMemoryChannels } from '../../helpers/memory-channel-broker.js'
import { waitFor } from '../../helpers/wait-for.js'
import { startSocketServer } from '../socket-server.js'
import { emulate, openStream } from './stream-client.js'

const CONNECT = JSON.stringify({ id: 1, connect: { token: 'token' } })

for (const kind of ['sse', 'lines'] as const) {
  await t.test(`${kind}: connect, subscribe from another process, hear and leave`, async (t) => {
    const shared = { line: createMemoryChannels(), broker: createFakeBroker() }
    const one = await startSocketServer(t, { ...shared, processId: 'one' })
    const two = await startSocketServer(t, { ...shared, processId: 'two' })
    one.authentication.grant('token', { userId: 'ann', sessionId: 's1' })
    const stream = await openStream(t, one.port, kind, CONNECT)
    t.equal(stream.status, 200)
    t.match(stream.headers, {
      'cache-control': /no-store/,
      'x-accel-buffering': 'no',
      'content-type': kind === 'sse' ? /^text\/event-stream/ : /^application\/json/,
    })
    const reply = await stream.line('the reply', ({ id }) => id === 1)
    const { session, node } = reply['connect'] as { session: string; node: string }
    t.equal(node, 'one')
    const command = (id: number, rest: object) => JSON.stringify({ id, ...rest })
    const data = command(2, { subscribe: { channel: 'room:a' } })
    t.equal((await emulate(two.port, { session, node, data })).status, 204)
    await stream.line('the subscription', ({ id }) => id === 2)
    const publish = command(3, { publish: { channel: 'room:a', data: 1 } })
    t.equal((await emulate(one.port, { session, node, data: publish })).status, 204)
    await stream.line('the publication', (line) => JSON.stringify(line).includes('"pub"'))
    t.equal((await emulate(two.port, { session: 'gone', node, data })).status, 204)
    t.equal((await emulate(two.port, { session, node: 'gone', data })).status, 404)
    one.endSession('s1', 'logged_out')
    t.match(await stream.line('the end', (line) => JSON.stringify(line).includes('disconnect')), {
      push: { disconnect: { code: 4500, reason: 'logged_out' } },
    })
    await waitFor('the end of the answer', () => stream.isEnded())
    t.equal(one.hub.connectionCount(), 0)
  })
}

await t.test('what is no stream request is refused', async (t) => {
  const server = await startSocketServer(t, {
    frameBytesMax: 500,
    allowedOrigins: ['https://a.test'],
  })
  server.authentication.grant('token', { userId: 'ann' })
  const refused: ['sse' | 'lines', string, number][] = [
    ['sse', 'hello', 400],
    ['sse', '', 400],
    ['sse', `${CONNECT}\n${JSON.stringify({ id: 2, publish: {} })}`, 400],
    ['sse', JSON.stringify({ id: 1, ping: {} }), 400],
    ['lines', 'hello', 400],
    ['lines', 'x'.repeat(501), 413],
  ]
  for (const [kind, commands, status] of refused) {
    t.equal(
      (await openStream(t, server.port, kind, commands)).status,
      status,
      `${kind} ${commands}`,
    )
  }
  const foreign = await openStream(t, server.port, 'sse', CONNECT, { origin: 'https://evil.test' })
  t.equal(foreign.status, 403)
  const listed = await openStream(t, server.port, 'sse', CONNECT, { origin: 'https://a.test' })
  t.equal(listed.headers['access-control-allow-origin'], 'https://a.test')
  const preflight = await fetch(`http://127.0.0.1:${server.port}/emulation`, {
    method: 'OPTIONS',
    headers: { origin: 'https://a.test' },
  })
  t.equal(preflight.status, 204)
  t.equal(preflight.headers.get('access-control-allow-headers'), 'content-type')
  for (const body of ['x', '[]', '{}', { session: 1, node: 'x', data: '' }, '']) {
    t.equal((await emulate(server.port, body)).status, 400, JSON.stringify(body))
  }
  const large = { session: 's', node: 'n', data: 'x'.repeat(501) }
  t.equal((await emulate(server.port, large)).status, 400)
  t.equal((await emulate(server.port, '{}', { 'content-type': 'text/plain' })).status, 415)
})

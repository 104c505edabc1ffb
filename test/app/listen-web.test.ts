import { connect } from 'node:net'
import { once } from 'node:events'
import { fastify } from 'fastify'
import t from 'tap'
import { drainDeadline, listenWeb } from '../../src/app/listen-web.js'
import { call } from '../helpers/http-client.js'
import { occupyPort } from '../helpers/occupied-port.js'

await t.test('a web server listens on a free port and names it', async (t) => {
  const server = fastify()
  server.get('/', () => ({ ok: true }))
  const service = await listenWeb(server, { host: '127.0.0.1', port: 0 })
  t.ok(service.address.port > 0)
  t.match(await call('GET', `http://127.0.0.1:${service.address.port}/`), { status: 200 })
  await service.close(1000)
})

await t.test('long connections are cut when the others and the stores still have time', (t) => {
  t.equal(drainDeadline({ deadlineMs: 5_000 }), 3_000)
  t.end()
})

await t.test('a web server names the port that is taken, and is closed', async (t) => {
  const port = await occupyPort(t)
  const server = fastify()
  let isClosed = false
  server.addHook('onClose', async () => {
    isClosed = true
  })
  await t.rejects(listenWeb(server, { host: '127.0.0.1', port }), {
    code: 'FAILED_PRECONDITION',
    reason: 'address_in_use',
    message: `127.0.0.1:${port} is already in use.`,
  })
  t.equal(isClosed, true)
})

await t.test('a request that never ends is cut at the deadline', async (t) => {
  const server = fastify()
  let arrived: (() => void) | undefined
  const arrival = new Promise<void>((resolve) => (arrived = resolve))
  server.get('/', () => {
    arrived?.()
    return new Promise(() => undefined)
  })
  const service = await listenWeb(server, { host: '127.0.0.1', port: 0 })
  const socket = connect(service.address.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await arrival
  const cut = once(socket, 'close')
  await service.close(20)
  await cut
  t.pass('closed although the request was under way')
})

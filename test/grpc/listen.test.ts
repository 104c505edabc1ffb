import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { Server } from '@grpc/grpc-js'
import t from 'tap'
import type { ListenAddress } from '../../src/errors/listen-error.js'
import { listen, type Listener } from '../../src/grpc/listen.js'

interface Teardown {
  teardown(fn: () => unknown): void
}

async function open(t: Teardown, address: ListenAddress): Promise<Listener> {
  const server = new Server()
  t.teardown(() => {
    server.forceShutdown()
  })
  const listener = await listen(server, address)
  t.teardown(() => {
    listener.stop()
    return listener.destroy()
  })
  return listener
}

await t.test('listen answers with the real port', async (t) => {
  const { address: bound } = await open(t, { host: '127.0.0.1', port: 0 })
  t.equal(bound.host, '127.0.0.1')
  t.ok(bound.port > 0)
})

await t.test('listen takes a name', async (t) => {
  const { address: bound } = await open(t, { host: 'localhost', port: 0 })
  t.match(bound, { host: 'localhost', port: Number })
})

await t.test('listen takes an IPv6 address where there is one', async (t) => {
  const probe = createServer()
  const hasIpv6 = await new Promise<boolean>((resolve) => {
    probe.once('error', () => {
      resolve(false)
    })
    probe.listen(0, '::1', () => {
      probe.close()
      resolve(true)
    })
  })
  if (hasIpv6) {
    const { port } = (await open(t, { host: '::1', port: 0 })).address
    await t.rejects(open(t, { host: '::1', port }), {
      message: `[::1]:${port} is already in use.`,
    })
  } else {
    await t.rejects(open(t, { host: '::1', port: 0 }), {
      reason: 'address_unavailable',
      message: 'Cannot listen on [::1]:0.',
    })
  }
})

await t.test('listen names the place that is taken', async (t) => {
  const { port } = (await open(t, { host: '127.0.0.1', port: 0 })).address
  await t.rejects(open(t, { host: '127.0.0.1', port }), {
    code: 'FAILED_PRECONDITION',
    reason: 'address_in_use',
    message: `127.0.0.1:${port} is already in use.`,
  })
})

await t.test('listen names a place that cannot be had', async (t) => {
  await t.rejects(open(t, { host: 'no-such-host.invalid', port: 9090 }), {
    code: 'FAILED_PRECONDITION',
    reason: 'address_unavailable',
    message: 'Cannot listen on no-such-host.invalid:9090.',
  })
})

await t.test('listen knows when its side of every connection has ended', async (t) => {
  const library = new Server()
  const listener = await listen(library, { host: '127.0.0.1', port: 0 })
  await listener.ended()
  const { port } = listener.address
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'data')
  let hasEnded = false
  const ended = listener.ended().then(() => {
    hasEnded = true
  })
  t.equal(hasEnded, false)
  library.forceShutdown()
  await ended
  await listener.ended()
  listener.stop()
  await listener.destroy()
})

await t.test('listen cuts a peer that never closes its side', async (t) => {
  const listener = await open(t, { host: '127.0.0.1', port: 0 })
  const { port } = listener.address
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  const gone = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  listener.stop()
  await listener.destroy()
  socket.end('PRI').resume()
  await gone
  const next = await open(t, { host: '127.0.0.1', port })
  t.equal(next.address.port, port, 'the port is free again')
})

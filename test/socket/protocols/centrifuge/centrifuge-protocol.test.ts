import t from 'tap'
import { waitFor } from '../../../helpers/wait-for.js'
import { startSocketServer } from '../../socket-server.js'
import { openWire } from './wire-client.js'

await t.test('a plain GET is told to upgrade', async (t) => {
  const server = await startSocketServer(t)
  const response = await fetch(`http://127.0.0.1:${server.port}/connection/websocket`)
  t.equal(response.status, 426)
  t.match(await response.json(), { reason: 'upgrade_required' })
})

await t.test('a connection that never says a word leaves nothing behind', async (t) => {
  const server = await startSocketServer(t)
  const wire = await openWire(server, null)
  t.equal(server.hub.connectionCount(), 1)
  wire.client.socket.close()
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
})

await t.test(
  'a client that does not read is closed with a code that lets it recover',
  async (t) => {
    const server = await startSocketServer(t, { queueBytesMax: 200_000, closeTimeoutMs: 40 })
    server.authentication.grant('token', { userId: 'ann' })
    const slow = await openWire(server)
    const good = await openWire(server)
    for (const wire of [slow, good]) await wire.ask('subscribe', { channel: 'kept:a' })
    slow.client.socket.pause()
    const data = JSON.stringify('x'.repeat(60_000))
    let published = 0
    await waitFor('the slow one to be gone', async () => {
      const { receipt } = await server.realtime.publish({
        channel: 'kept:a',
        data,
        receipt: 'written',
      })
      published += 1
      return (receipt?.dropped ?? 0) === 1 || receipt?.written === 1
    })
    await waitFor('its end', () => server.hub.connectionCount() === 1)
    const got = () => good.pushes().filter((push) => 'pub' in push).length
    await waitFor('all for the other', () => got() === published)
    const metrics = await server.registry.metrics()
    t.match(metrics, 'socket_closes_total{code="3008"} 1')
    t.match(metrics, 'socket_slow_consumers_total 1')
  },
)

await t.test('what was missed may be more than the queue holds', async (t) => {
  const server = await startSocketServer(t, { queueBytesMax: 100_000 })
  server.authentication.grant('token', { userId: 'ann' })
  const before = await openWire(server)
  const { subscribe } = await before.ask('subscribe', { channel: 'kept:a' })
  before.client.socket.terminate()
  const data = JSON.stringify('x'.repeat(60_000))
  for (let missed = 0; missed < 5; missed += 1) {
    await server.realtime.publish({ channel: 'kept:a', data })
    await server.realtime.publish({ channel: 'user:ann', data })
  }
  const { epoch } = subscribe as { epoch: string }
  const wire = await openWire(server)
  const asked = { channel: 'kept:a', recover: true, offset: 0, epoch }
  const { subscribe: recovered } = await wire.ask('subscribe', asked)
  t.match(recovered, { recovered: true, publications: { length: 5 } })
  const { history } = await wire.ask('history', { channel: 'kept:a', limit: 5 })
  t.match(history, { publications: { length: 5 } })
  t.match(await server.registry.metrics(), 'socket_slow_consumers_total 0')
})

await t.test('nobody is slow because much is published at once', async (t) => {
  const server = await startSocketServer(t, { queueBytesMax: 100_000 })
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server)
  await wire.ask('subscribe', { channel: 'kept:a' })
  const data = JSON.stringify('x'.repeat(60_000))
  await Promise.all(
    Array.from({ length: 5 }, () => server.realtime.publish({ channel: 'kept:a', data })),
  )
  await waitFor('all', () => wire.pushes().filter((push) => 'pub' in push).length === 5)
  t.match(await server.registry.metrics(), 'socket_slow_consumers_total 0')
})

await t.test('what may be dropped is, and of the latest only the newest waits', async (t) => {
  const server = await startSocketServer(t, { queueBytesMax: 8_000_000 })
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server)
  for (const channel of ['loose:a', 'latest:a', 'open:a']) await wire.ask('subscribe', { channel })
  wire.client.socket.pause()
  const filler = JSON.stringify('x'.repeat(60_000))
  let dropped = 0
  let queued = 0
  await waitFor('something to be dropped', async () => {
    await server.realtime.publish({ channel: 'open:a', data: filler })
    const loose = { channel: 'loose:a', data: filler, receipt: 'written' } as const
    dropped += (await server.realtime.publish(loose)).receipt?.dropped ?? 0
    return dropped > 0
  })
  for (let value = 0; value < 20; value += 1) {
    const latest = { channel: 'latest:a', data: `${value}`, receipt: 'written' } as const
    queued += (await server.realtime.publish(latest)).receipt?.queued ?? 0
  }
  t.equal(queued, 20)
  wire.client.socket.resume()
  const values = () =>
    wire
      .pushes()
      .flatMap((push) => (push['channel'] === 'latest:a' ? [push['pub'] as { data: number }] : []))
  await waitFor('the newest', () => values().length > 0)
  t.strictSame(
    values().map(({ data }) => data),
    [19],
  )
})

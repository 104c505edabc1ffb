/** Whatever a guard refuses or a limit ends can be seen on the metrics page, each by a line of its own. */
import t from 'tap'
import { waitFor } from '../helpers/wait-for.js'
import { openWire } from './protocols/centrifuge/wire-client.js'
import { refusal, type SocketServer, startSocketServer } from './socket-server.js'

type Options = Parameters<typeof startSocketServer>[1]

async function lineOf(server: SocketServer, name: string): Promise<string | undefined> {
  const lines = (await server.registry.metrics()).split('\n')
  return lines.find((line) => line.startsWith(`${name} `))
}

/** The server counts a close when the connection is gone, which is after its peer knows. */
async function closeCounted(server: SocketServer, code: number): Promise<void> {
  const name = `socket_closes_total{code="${code}"}`
  await waitFor(name, async () => (await lineOf(server, name)) === `${name} 1`)
}

const REFUSED: Readonly<Record<string, { options: Options; headers?: Record<string, string> }>> = {
  address_refused: { options: { allowedAddresses: ['10.0.0.0/8'] } },
  origin_refused: { options: {}, headers: { origin: 'https://evil.example' } },
  too_many_connections: { options: { connectionsMax: 0 } },
}

for (const [reason, { options, headers = {} }] of Object.entries(REFUSED)) {
  await t.test(`a connection that is refused for ${reason} is counted`, async (t) => {
    const server = await startSocketServer(t, options)
    const url = `ws://127.0.0.1:${server.port}/connection/websocket`
    for (const turn of [1, 2]) {
      t.match(await refusal(url, { headers }), { body: { reason } })
      const name = `socket_refusals_total{reason="${reason}"}`
      t.equal(await lineOf(server, name), `${name} ${turn}`)
    }
  })
}

await t.test('a connection over the share of its address is counted', async (t) => {
  const server = await startSocketServer(t, { connectionsPerAddressMax: 1 })
  await server.connect('/ws')
  const reason = 'too_many_connections_of_address'
  t.match(await refusal(`ws://127.0.0.1:${server.port}/ws`), { status: 429, body: { reason } })
  const name = `socket_refusals_total{reason="${reason}"}`
  t.equal(await lineOf(server, name), `${name} 1`)
})

await t.test('a connection over the share of its user is counted', async (t) => {
  const server = await startSocketServer(t, { centrifuge: { connectionsPerUserMax: 1 } })
  server.authentication.grant('token', { userId: 'ann' })
  await openWire(server)
  const second = await server.connect('/connection/websocket')
  second.send({ id: 1, connect: { token: 'token' } })
  t.match(await second.closed, { code: 3504 })
  await closeCounted(server, 3504)
})

await t.test('a message over the size is counted', async (t) => {
  const server = await startSocketServer(t, { frameBytesMax: 100 })
  const client = await server.connect('/socket_server')
  client.send('x'.repeat(101))
  t.match(await client.closed, { code: 1009 })
  await closeCounted(server, 1009)
  t.match(
    server.logger.lines.find(({ message }) => message === 'socket closed'),
    {
      fields: { code: 1009 },
    },
  )
})

await t.test('a peer over its rate is counted, on every line', async (t) => {
  const server = await startSocketServer(t, { messagesPerSecondMax: 1 })
  for (const [index, path] of ['/socket_server', '/ws'].entries()) {
    const client = await server.connect(path)
    for (let sent = 0; sent < 3; sent += 1) client.send({ token: 'none', event: 'x' })
    t.match(await client.closed, { code: 4429, reason: 'rate_limited' })
    t.equal(
      await lineOf(server, 'socket_rate_limited_total'),
      `socket_rate_limited_total ${index + 1}`,
    )
  }
})

await t.test('a subscription over the limit is counted, as every error of a reply', async (t) => {
  const server = await startSocketServer(t, { centrifuge: { subscriptionsPerConnectionMax: 2 } })
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server)
  await wire.ask('subscribe', { channel: 'open:a' })
  for (const turn of [1, 2]) {
    t.match(await wire.ask('subscribe', { channel: `open:b${turn}` }), { error: { code: 106 } })
    const name = 'socket_reply_errors_total{code="106"}'
    t.equal(await lineOf(server, name), `${name} ${turn}`)
  }
})

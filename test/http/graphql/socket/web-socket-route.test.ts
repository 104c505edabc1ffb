import t from 'tap'
import WebSocket from 'ws'
import { chooseProtocol } from '../../../../src/http/graphql/socket/web-socket-route.js'
import { openBrowser, openGraphqlHouse, openLine } from '../../../helpers/graphql-house.js'
import { waitFor } from '../../../helpers/wait-for.js'

const house = await openGraphqlHouse(t, {
  'graphql.initTimeoutMs': 100,
  'graphql.connectionsMax': 8,
  'graphql.messagesPerSecondMax': 30,
})
const { url } = house
const address = `${url.replace('http', 'ws')}/graphql`

/** How a raw line ends: its close code and reason, or the status that refused it. */
async function endOf(
  protocols: string[],
  options: WebSocket.ClientOptions = {},
  after: (socket: WebSocket) => void = () => {},
  target = address,
): Promise<string> {
  const socket = new WebSocket(target, protocols, options)
  t.teardown(() => socket.terminate())
  return new Promise((resolve) => {
    socket.on('error', () => {})
    socket.on('unexpected-response', (_request, response) => resolve(`HTTP ${response.statusCode}`))
    socket.on('open', () => after(socket))
    socket.on('close', (code, reason) => resolve(`${code} ${String(reason)}`))
  })
}

await t.test('chooseProtocol prefers the new protocol', async (t) => {
  t.equal(chooseProtocol(new Set(['graphql-ws', 'graphql-transport-ws'])), 'graphql-transport-ws')
  t.equal(chooseProtocol(new Set(['graphql-ws'])), 'graphql-ws')
  t.equal(chooseProtocol(new Set(['chat'])), false)
})

await t.test('a line that says nothing is closed with 4408, in both protocols', async (t) => {
  t.equal(await endOf(['graphql-transport-ws']), '4408 init_timeout')
  t.equal(await endOf(['graphql-ws']), '4408 init_timeout')
  const pings = (socket: WebSocket): void => socket.send('{"type":"ping"}')
  t.match(await endOf(['graphql-transport-ws'], {}, pings), /^4408 /, 'a ping is no init')
})

await t.test('a line without a protocol of ours is closed with 4406', async (t) => {
  t.equal(await endOf([]), '4406 protocol_unknown')
  t.equal(
    await endOf([], {}, (socket) => socket.send('{"type":"connection_init"}')),
    '4406 protocol_unknown',
  )
})

await t.test('a page of another site is refused before the upgrade', async (t) => {
  const { cookie } = await openBrowser(url)
  for (const headers of [
    { origin: 'https://evil.example', cookie },
    { origin: 'null', cookie },
    { 'sec-fetch-site': 'cross-site', cookie },
    { cookie: '_at=token' },
  ]) {
    t.equal(await endOf(['graphql-transport-ws'], { headers }), 'HTTP 403', JSON.stringify(headers))
  }
  const own = { origin: url, cookie }
  t.equal(await endOf(['graphql-transport-ws'], { headers: own }), '4408 init_timeout')
})

await t.test('other routes take no WebSocket', async (t) => {
  const target = `${url.replace('http', 'ws')}/hello`
  t.equal(await endOf(['graphql-transport-ws'], {}, () => {}, target), 'HTTP 400')
  const nowhere = `${url.replace('http', 'ws')}/nowhere`
  t.equal(await endOf(['graphql-transport-ws'], {}, () => {}, nowhere), 'HTTP 404')
})

await t.test('garbage, binary frames and floods close the line with their codes', async (t) => {
  const say = (data: string | Buffer) => (socket: WebSocket) => socket.send(data)
  t.match(await endOf(['graphql-transport-ws'], {}, say('nonsense')), /^4400 /)
  t.match(await endOf(['graphql-transport-ws'], {}, say(Buffer.from('{}'))), /^4400 binary_not/)
  t.match(await endOf(['graphql-transport-ws'], {}, say('x'.repeat(70_000))), /^1009 /)
  const next = say('{"type":"next","id":"1","payload":{"data":{}}}')
  t.match(await endOf(['graphql-transport-ws'], {}, next), /^4400 frame_malformed/)
  const early = say('{"type":"subscribe","id":"1","payload":{"query":"{auth{method}}"}}')
  t.match(await endOf(['graphql-transport-ws'], {}, early), /^4401 /)
  const flood = (socket: WebSocket): void => {
    for (let i = 0; i < 40; i += 1) socket.send('{"type":"ping"}')
  }
  t.equal(await endOf(['graphql-transport-ws'], {}, flood), '4429 rate_limited')
})

await t.test('a second init is too many', async (t) => {
  const { cookie } = await openBrowser(url)
  const twice = (socket: WebSocket): void => {
    socket.send('{"type":"connection_init"}')
    socket.send('{"type":"connection_init"}')
  }
  const options = { headers: { cookie } }
  t.match(await endOf(['graphql-transport-ws'], options, twice), /^4429 /)
  t.match(await endOf(['graphql-ws'], options, twice), /^4429 /)
})

await t.test('a full server refuses with 503, and has room again', async (t) => {
  const { cookie } = await openBrowser(url)
  const lines = Array.from({ length: 8 }, () => openLine(t, url, { cookie }))
  await waitFor('eight lines', () => lines.every((line) => line.isAcknowledged()))
  t.equal(await endOf(['graphql-transport-ws'], { headers: { cookie } }), 'HTTP 503')
  for (const line of lines) await line.client.dispose()
  await waitFor('room again', async () => {
    const end = await endOf(['graphql-transport-ws'], { headers: { cookie } })
    return end.startsWith('4408')
  })
})

await t.test('an address has as many lines as it may, also of those that come first', async (t) => {
  const small = await openGraphqlHouse(t, { 'socket.connectionsPerAddressMax': 3 })
  const target = `${small.url.replace('http', 'ws')}/graphql`
  const ends: string[] = []
  const open: WebSocket[] = []
  const stay = (socket: WebSocket): void => void open.push(socket)
  // The protocols are loaded with the first request, and all these wait for it together.
  for (let index = 0; index < 12; index += 1) {
    void endOf(['graphql-transport-ws'], {}, stay, target).then((end) => ends.push(end))
  }
  await waitFor('the refusals', () => ends.length >= 9)
  const refused = ['HTTP 429', '4429 too_many_connections_of_address']
  t.strictSame(
    ends.filter((end) => !refused.includes(end)),
    [],
  )
  const alive = open.filter(({ readyState }) => readyState === WebSocket.OPEN)
  t.equal(alive.length, 3)
  t.equal(await endOf(['graphql-transport-ws'], {}, () => {}, target), 'HTTP 429')
  for (const socket of alive) socket.close()
  await waitFor('room again', async () => {
    const end = await endOf(['graphql-transport-ws'], {}, (socket) => socket.close(1000), target)
    return end.startsWith('1000')
  })
})

await t.test('a closing server says 1001', async (t) => {
  const { cookie } = await openBrowser(url)
  const line = openLine(t, url, { cookie })
  await waitFor('the line', () => line.isAcknowledged())
  await house.close()
  await waitFor('its end', () => line.closed())
  t.strictSame(line.closed(), { code: 1001, reason: 'server_shutdown' })
})

import { once } from 'node:events'
import t from 'tap'
import WebSocket from 'ws'
import { openBrowser, openGraphqlHouse, signIn } from '../../../helpers/graphql-house.js'
import { waitFor } from '../../../helpers/wait-for.js'

const house = await openGraphqlHouse(t, {
  'graphql.keepAliveMs': 20,
  'graphql.idleTimeoutMs': 30_000,
})
const { url, core } = house
const AUTH = 'subscription { auth { authorized reason } }'

interface Message {
  readonly type: string
  readonly id?: string
  readonly payload?: { data?: Record<string, unknown>; extensions?: { reason: string } }
}

/** A client of the legacy protocol, written out: no library speaks it any more. */
async function open(headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, ['graphql-ws'], { headers })
  const messages: Message[] = []
  const end: { code?: number; reason?: string } = {}
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Message))
  socket.on('close', (code, reason) => Object.assign(end, { code, reason: String(reason) }))
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  const send = (message: object): void => socket.send(JSON.stringify(message))
  const of = (type: string, id?: string): Message[] =>
    messages.filter((message) => message.type === type && (id === undefined || message.id === id))
  return { socket, messages, end, send, of }
}

await t.test('init, start, data, stop, terminate', async (t) => {
  const { cookie } = await openBrowser(url)
  const line = await open({ cookie })
  line.send({ type: 'connection_init', payload: {} })
  await waitFor('ack and keep-alives', () => line.of('ka').length >= 3)
  t.strictSame(
    line.messages.slice(0, 2).map(({ type }) => type),
    ['connection_ack', 'ka'],
  )

  line.send({ type: 'start', id: '1', payload: { query: AUTH } })
  await waitFor('data', () => line.of('data', '1')[0])
  t.match(line.of('data', '1')[0], { payload: { data: { auth: { authorized: false } } } })
  line.send({ type: 'stop', id: '1' })
  line.send({ type: 'stop', id: 'nothing' })

  line.send({ type: 'start', id: '2', payload: { query: '{ auth { authorized } }' } })
  await waitFor('completion', () => line.of('complete', '2')[0])
  t.equal(line.of('data', '2').length, 1)
  t.equal(line.of('complete', '1').length, 0, 'what was stopped says nothing more')

  line.send({ type: 'start', id: '3', payload: { query: '{ nope }' } })
  await waitFor('the error', () => line.of('error', '3')[0])
  t.match(line.of('error', '3')[0]?.payload?.extensions, { reason: 'query_invalid' })

  line.send({ type: 'connection_terminate' })
  await waitFor('the end', () => line.end.code)
  t.equal(line.end.code, 1000)
  await waitFor('nobody watches', () => core.authObservers.count() === 0)
})

await t.test('a start under a known id takes the place of the first', async (t) => {
  const { cookie } = await openBrowser(url)
  const line = await open({ cookie })
  line.send({ type: 'connection_init' })
  await waitFor('ack', () => line.of('connection_ack')[0])
  line.send({ type: 'start', id: '1', payload: { query: AUTH } })
  await waitFor('data', () => line.of('data', '1')[0])
  line.send({ type: 'start', id: '1', payload: { query: '{ auth { clientId } }' } })
  await waitFor('completion', () => line.of('complete', '1')[0])
  t.equal(line.of('data', '1').length, 2)
  t.equal(line.of('complete', '1').length, 1)
  line.socket.close()
})

await t.test('a refused init says why, then closes', async (t) => {
  const line = await open()
  line.send({ type: 'connection_init', payload: { authToken: 'x' } })
  await waitFor('the end', () => line.end.code)
  t.match(line.of('connection_error')[0]?.payload, { extensions: { reason: 'client_missing' } })
  t.strictSame(line.end, { code: 4401, reason: 'client_missing' })
})

await t.test('what is no message closes with 4400, a start before init with 4401', async (t) => {
  for (const [text, code] of [
    ['nonsense', 4400],
    ['null', 4400],
    ['{"type":1}', 4400],
    ['{"type":"data","id":"1"}', 4400],
    ['{"type":"start"}', 4400],
    ['{"type":"start","id":""}', 4400],
    [`{"type":"stop","id":"${'x'.repeat(300)}"}`, 4400],
    ['{"type":"start","id":"1","payload":{"query":"{auth{method}}"}}', 4401],
  ] as const) {
    const line = await open()
    line.socket.send(text)
    await waitFor('the end', () => line.end.code)
    t.equal(line.end.code, code, text.slice(0, 40))
  }
})

await t.test('the end of the session: last state, complete, 4401', async (t) => {
  const { accessToken, sessionId } = await signIn(url, 'legacy')
  const line = await open()
  line.send({ type: 'connection_init', payload: { Authorization: `Bearer ${accessToken}` } })
  line.send({ type: 'start', id: 'early', payload: { query: AUTH } })
  await waitFor('the end of who does not wait for the ack', () => line.end.code)
  t.equal(line.end.code, 4401)

  const patient = await open()
  patient.send({ type: 'connection_init', payload: { Authorization: `Bearer ${accessToken}` } })
  await waitFor('ack', () => patient.of('connection_ack')[0])
  patient.send({ type: 'start', id: '1', payload: { query: AUTH } })
  await waitFor('data', () => patient.of('data', '1')[0])
  await core.sessions.endAsAdmin({ sessionId })
  await waitFor('the end', () => patient.end.code)
  t.match(patient.of('data', '1')[1], {
    payload: { data: { auth: { authorized: false, reason: 'ended_by_admin' } } },
  })
  t.equal(patient.of('complete', '1').length, 1)
  t.strictSame(patient.end, { code: 4401, reason: 'ended_by_admin' })
})

import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { createRequestIds } from '../../src/http/request-id.js'
import { createTestServer } from '../helpers/http-fakes.js'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const idOf = createRequestIds((address) => address === '10.0.0.1')

function request(given: string | undefined, remoteAddress?: string): IncomingMessage {
  return {
    headers: given === undefined ? {} : { 'x-request-id': given },
    socket: { remoteAddress },
  } as unknown as IncomingMessage
}

await t.test('createRequestIds keeps the id of a trusted proxy', (t) => {
  t.equal(idOf(request('edge-7.abc_DEF', '10.0.0.1')), 'edge-7.abc_DEF')
  t.end()
})

await t.test('createRequestIds makes a fresh one otherwise', (t) => {
  t.match(idOf(request(undefined, '10.0.0.1')), UUID)
  t.match(idOf(request('edge-7', '10.0.0.2')), UUID, 'a stranger')
  t.match(idOf(request('edge-7')), UUID, 'no address')
  for (const given of ['', 'a b', 'a\nb', 'ä', 'a'.repeat(129), '<b>']) {
    t.match(idOf(request(given, '10.0.0.1')), UUID, given)
  }
  t.not(idOf(request(undefined)), idOf(request(undefined)))
  t.end()
})

await t.test('the id is in the answer, in the problem and in the log', async (t) => {
  const { server, lines } = createTestServer({ options: { trustedProxies: ['127.0.0.1'] } })
  const response = await server.inject({ url: '/nothing', headers: { 'x-request-id': 'edge-7' } })
  t.equal(response.headers['x-request-id'], 'edge-7')
  t.equal(response.json<{ requestId: string }>().requestId, 'edge-7')
  t.equal(lines.at(-1)?.['requestId'], 'edge-7')
  await server.close()
})

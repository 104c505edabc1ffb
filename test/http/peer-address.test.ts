import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { createProxyTrust, peerAddress } from '../../src/http/peer-address.js'
import { createTestHttp } from '../helpers/http-fakes.js'

await t.test('createProxyTrust trusts addresses, ranges and named ranges', (t) => {
  const trust = createProxyTrust(['192.0.2.7', '198.51.100.0/24', '2001:db8::/32', 'loopback'])
  const trusted = [
    '192.0.2.7',
    '198.51.100.200',
    '2001:db8::1',
    '127.1.2.3',
    '::1',
    '::ffff:192.0.2.7',
  ]
  for (const address of trusted) t.equal(trust(address), true, address)
  const strangers = [
    '192.0.2.8',
    '198.51.101.1',
    '2001:db9::1',
    '10.0.0.1',
    '',
    'unknown',
    '192.0.2.7:80',
  ]
  for (const address of strangers) t.equal(trust(address), false, address)
  t.equal(createProxyTrust([])('127.0.0.1'), false)
  t.equal(createProxyTrust(['uniquelocal', 'linklocal'])('10.1.1.1'), true)
  t.end()
})

await t.test('createProxyTrust names what it does not understand', (t) => {
  for (const entry of [
    '',
    'proxy.example',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/x',
    '::/129',
  ]) {
    t.throws(
      () => createProxyTrust(['loopback', entry]),
      new RangeError(`not an address or range of trusted proxies: "${entry}"`),
    )
  }
  t.end()
})

await t.test('peerAddress undresses IPv4 and falls back to the socket', (t) => {
  const request = (ip: string, remoteAddress?: string): FastifyRequest =>
    ({ ip, raw: { socket: { remoteAddress } } }) as unknown as FastifyRequest
  t.equal(peerAddress(request('::ffff:192.0.2.1')), '192.0.2.1')
  t.equal(peerAddress(request('2001:db8::1')), '2001:db8::1')
  t.equal(peerAddress(request('<script>', '192.0.2.1')), '192.0.2.1')
  t.equal(peerAddress(request('<script>')), '')
  t.end()
})

await t.test('only a trusted proxy may speak for others, walked from the right', async (t) => {
  const headers = { 'x-forwarded-for': '203.0.113.1, 192.0.2.9, 10.0.0.5' }
  const ask = async (trustedProxies: string[], remoteAddress: string): Promise<unknown> => {
    const { server, calls } = createTestHttp({ options: { trustedProxies } })
    await server.inject({
      method: 'POST',
      url: '/auth/register',
      headers,
      remoteAddress,
      payload: { username: 'bob', password: 'correct-password' },
    })
    await server.close()
    return calls[0]?.[2]
  }
  t.equal(await ask([], '10.0.0.4'), '10.0.0.4', 'nobody is trusted')
  t.equal(await ask(['10.0.0.0/8'], '10.0.0.4'), '192.0.2.9', 'the first stranger from the right')
  t.equal(await ask(['10.0.0.0/8'], '198.51.100.1'), '198.51.100.1', 'a stranger who forges it')
})

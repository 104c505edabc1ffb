import t from 'tap'
import { createAddressList, networkOf } from '../../src/util/address-list.js'

await t.test('an exact IPv4 address covers itself and no text that contains it', async (t) => {
  const list = createAddressList(['127.0.0.1'])
  t.equal(list.includes('127.0.0.1'), true)
  for (const other of [
    '127.0.0.10',
    '127.0.0.2',
    '1127.0.0.1',
    '127a0b0c1',
    '127.0.0.1, 8.8.8.8',
  ]) {
    t.equal(list.includes(other), false, other)
  }
})

await t.test('a star covers one whole octet', async (t) => {
  const list = createAddressList(['192.168.163.*', '10.*.0.1'])
  t.equal(list.includes('192.168.163.0'), true)
  t.equal(list.includes('192.168.163.255'), true)
  t.equal(list.includes('192.168.164.1'), false)
  t.equal(list.includes('10.77.0.1'), true)
  t.equal(list.includes('10.77.1.1'), false)
})

await t.test('a CIDR block covers its range', async (t) => {
  const v4 = createAddressList(['10.20.0.0/15', '203.0.113.7/32'])
  t.equal(v4.includes('10.21.255.255'), true)
  t.equal(v4.includes('10.22.0.0'), false)
  t.equal(v4.includes('203.0.113.7'), true)
  t.equal(v4.includes('203.0.113.6'), false)
  const v6 = createAddressList(['2001:db8:8000::/33'])
  t.equal(v6.includes('2001:db8:8000::1'), true)
  t.equal(v6.includes('2001:db8:7fff::1'), false)
  t.equal(createAddressList(['0.0.0.0/0']).includes('255.255.255.255'), true)
})

await t.test('IPv6 is compared by value, not by spelling', async (t) => {
  const list = createAddressList([
    '2001:DB8:0:0:0:0:0:1',
    '::1',
    '1::',
    'fe80::1',
    '64:ff9b::1.2.3.4',
  ])
  t.equal(list.includes('2001:db8::1'), true)
  t.equal(list.includes('0:0:0:0:0:0:0:1'), true)
  t.equal(list.includes('1:0::0'), true)
  t.equal(list.includes('fe80::1%eth0'), true, 'the zone of a peer is ignored')
  t.equal(list.includes('64:ff9b::102:304'), true)
  t.equal(list.includes('2001:db8::2'), false)
})

await t.test('an IPv4-mapped address is the IPv4 address in it', async (t) => {
  const list = createAddressList(['192.0.2.*', '::ffff:198.51.100.1', '::ffff:10.0.0.0/104'])
  t.equal(list.includes('::ffff:192.0.2.9'), true)
  t.equal(list.includes('::FFFF:c000:0209'), true)
  t.equal(list.includes('198.51.100.1'), true)
  t.equal(list.includes('10.255.0.1'), true)
  t.equal(list.includes('11.0.0.1'), false)
})

await t.test('one family never covers the other', async (t) => {
  t.equal(createAddressList(['::/0']).includes('127.0.0.1'), false)
  t.equal(createAddressList(['::ffff:0:0/90']).includes('127.0.0.1'), false)
  t.equal(createAddressList(['0.0.0.0/0']).includes('::1'), false)
})

await t.test('an empty list and text that is no address give false', async (t) => {
  t.equal(createAddressList([]).includes('127.0.0.1'), false)
  const all = createAddressList(['0.0.0.0/0', '::/0'])
  for (const text of ['', 'unknown', '127.0.0.1:80', '[::1]', '*.*.*.*', '010.0.0.1']) {
    t.equal(all.includes(text), false, text)
  }
})

await t.test('a malformed pattern is named', async (t) => {
  const malformed = [
    '',
    '*',
    '127.0.0',
    '127.0.0.*.*',
    '127.0.0.1*',
    '127.0.0.256',
    '127.0.0.01',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/1e1',
    '10.0.0.0/8.5',
    '10.0.0.0/8/8',
    '10.0.*.0/16',
    '2001:db8::/129',
    '2001:db8::*',
    '::ffff:1.2.3.*',
    'fe80::1%eth0',
    'example.com',
    ' 127.0.0.1',
  ]
  for (const pattern of malformed) {
    t.throws(
      () => createAddressList(['10.0.0.1', pattern]),
      { name: 'TypeError', message: `"${pattern}" is not an address pattern` },
      JSON.stringify(pattern),
    )
  }
})

await t.test('networkOf is what one customer has to themselves', (t) => {
  t.equal(networkOf('192.0.2.7'), '192.0.2.7')
  t.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7')
  const network = networkOf('2001:db8:1:2::1')
  t.equal(network, '20010db800010002/64')
  for (const same of [
    '2001:db8:1:2:ffff:ffff:ffff:ffff',
    '2001:0DB8:0001:0002::',
    '2001:db8:1:2::1%eth0',
  ]) {
    t.equal(networkOf(same), network, same)
  }
  t.not(networkOf('2001:db8:1:3::1'), network)
  t.equal(networkOf('::1'), '0000000000000000/64')
  t.equal(networkOf('nonsense'), 'nonsense')
  t.end()
})

import t from 'tap'
import {
  addressOf,
  parseRedisUrl,
  parseSentinelUrl,
  withAddress,
} from '../../../src/app/redis/redis-endpoint.js'

await t.test('parseRedisUrl reads every part', async (t) => {
  t.strictSame(parseRedisUrl('redis://cache', {}), { host: 'cache', port: 6379 })
  t.strictSame(parseRedisUrl('rediss://a%40b:p%3Aw@[::1]:7000/2', {}), {
    host: '::1',
    port: 7000,
    username: 'a@b',
    password: 'p:w',
    database: 2,
    tls: {},
  })
  t.strictSame(parseRedisUrl('redis://cache/', { username: 'u', password: 'p', tls: true }), {
    host: 'cache',
    port: 6379,
    username: 'u',
    password: 'p',
    tls: {},
  })
  const own = parseRedisUrl('redis://x:y@cache', { username: 'u', password: 'p', tls: { ca: 'c' } })
  t.match(own, { username: 'x', password: 'y', tls: { ca: 'c' } })
})

await t.test('parseRedisUrl refuses what it cannot dial, without repeating it', async (t) => {
  for (const url of [
    'secret',
    'http://secret',
    'unix:/secret',
    'redis://h/secret',
    'redis://h/-1',
  ]) {
    t.throws(() => parseRedisUrl(url, {}), { code: 'INVALID_ARGUMENT', message: /Redis URL/ })
    try {
      parseRedisUrl(url, {})
    } catch (error) {
      t.notMatch((error as Error).message, 'secret')
    }
  }
})

await t.test('parseSentinelUrl has another default port', async (t) => {
  t.strictSame(parseSentinelUrl('redis://s', {}), { host: 's', port: 26_379 })
})

await t.test('withAddress keeps the credentials', async (t) => {
  const endpoint = withAddress(parseRedisUrl('redis://u:p@seed', {}), '10.0.0.1', 7000)
  t.strictSame(endpoint, { host: '10.0.0.1', port: 7000, username: 'u', password: 'p' })
  t.equal(addressOf(endpoint), '10.0.0.1:7000')
})

import t from 'tap'
import { createSignatureCache, type SignedToken } from '../../src/auth/signature-cache.js'
import { createTestKey } from '../helpers/test-keys.js'

const key = createTestKey('EdDSA')
const signed = (name: string): SignedToken => ({ key, type: 'at+jwt', claims: { name } })

await t.test('cache gives back what was stored for exactly that token', async (t) => {
  const cache = createSignatureCache(10)
  const stored = signed('a')
  cache.set('token-a', stored, 1000)
  t.equal(cache.get('token-a', 0), stored)
  t.equal(cache.get('token-a ', 0), null)
  t.equal(cache.get('token-b', 0), null)
})

await t.test('cache drops an entry with the expiry of its token', async (t) => {
  const cache = createSignatureCache(10)
  cache.set('token-a', signed('a'), 1000)
  t.ok(cache.get('token-a', 999))
  t.equal(cache.get('token-a', 1000), null)
  t.equal(cache.size, 0)
})

await t.test('cache forgets the least used first', async (t) => {
  const cache = createSignatureCache(2)
  cache.set('token-a', signed('a'), 1000)
  cache.set('token-b', signed('b'), 1000)
  cache.get('token-a', 0)
  cache.set('token-c', signed('c'), 1000)
  t.equal(cache.size, 2)
  t.ok(cache.get('token-a', 0))
  t.equal(cache.get('token-b', 0), null)
  t.ok(cache.get('token-c', 0))
})

await t.test('cache stores a token once and deletes on demand', async (t) => {
  const cache = createSignatureCache(2)
  cache.set('token-a', signed('a'), 1000)
  cache.set('token-a', signed('a'), 2000)
  t.equal(cache.size, 1)
  t.ok(cache.get('token-a', 1500))
  cache.delete('token-a')
  t.equal(cache.get('token-a', 0), null)
  t.equal(cache.size, 0)
})

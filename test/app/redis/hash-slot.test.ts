import t from 'tap'
import { hashSlot, partitionTags, SLOT_COUNT } from '../../../src/app/redis/hash-slot.js'

await t.test('hashSlot follows the specification of Redis Cluster', async (t) => {
  t.equal(hashSlot('123456789'), 0x31c3)
  t.equal(hashSlot(''), 0)
  t.equal(hashSlot('{user1000}.following'), hashSlot('user1000'))
  t.equal(hashSlot('foo{{bar}}zap'), hashSlot('{bar'))
  t.equal(hashSlot('foo{bar}{zap}'), hashSlot('bar'))
  t.not(hashSlot('foo{}{bar}'), hashSlot('bar'), 'an empty tag is none')
  t.not(hashSlot('foo{bar'), hashSlot('bar'), 'nor is an open one')
  t.equal(hashSlot('{ä}x'), hashSlot('ä'), 'of the bytes, not the characters')
})

await t.test('partitionTags gives every cluster its even share', async (t) => {
  const tags = partitionTags(16)
  t.equal(new Set(tags).size, 16)
  t.strictSame(partitionTags(16), tags, 'the same in every process')
  for (const masters of [2, 3, 4, 5, 8]) {
    const shares = new Array<number>(masters).fill(0)
    for (const tag of tags) {
      const master = Math.floor((hashSlot(`{${tag}}`) * masters) / SLOT_COUNT)
      shares[master] = (shares[master] ?? 0) + 1
    }
    t.ok(Math.max(...shares) - Math.min(...shares) <= 1, `${masters}: ${shares.join(' ')}`)
  }
})

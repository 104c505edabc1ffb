import t from 'tap'
import { hashSlot, partitionTags } from '../../../src/app/redis/hash-slot.js'
import { createChannelKeys } from '../../../src/broker/redis/channel-keys.js'

const CHANNELS = ['room', 'room:{x}y', '{}', 'a{b', '日本😀', '']

await t.test(
  'ChannelKeys keeps everything of a channel in the slot of its partition',
  async (t) => {
    const tags = partitionTags(64)
    const keys = createChannelKeys('gatehouse:', tags)
    for (const channel of CHANNELS) {
      const tag = keys.tagOf(channel)
      t.ok(tags.includes(tag))
      const { entries, users, owners } = keys.presenceBases(tag)
      t.equal(entries + channel, keys.presence(channel))
      t.equal(users + channel, keys.presenceUsers(channel))
      t.equal(`${owners}me`, keys.presenceOf(tag, 'me'))
      const all = [
        ...[keys.meta(channel), keys.stream(channel), keys.idempotency(channel, '{k}')],
        ...[keys.topic(channel), keys.presence(channel), keys.presenceUsers(channel)],
        keys.presenceOf(tag, 'me'),
      ]
      t.equal(new Set(all).size, all.length, 'names of their own')
      for (const key of all) t.equal(hashSlot(key), hashSlot(tag), key)
    }
    t.equal(hashSlot(keys.presenceLeases), hashSlot(keys.presenceClaims))
  },
)

await t.test('ChannelKeys spreads the channels over the partitions', async (t) => {
  const tags = partitionTags(64)
  const keys = createChannelKeys('', tags)
  const counts = new Map<string, number>()
  for (let index = 0; index < 6_400; index += 1) {
    const tag = keys.tagOf(`room:${index}`)
    counts.set(tag, (counts.get(tag) ?? 0) + 1)
  }
  t.equal(counts.size, 64)
  t.ok(Math.max(...counts.values()) < 200, 'none has twice its share')
})

await t.test('ChannelKeys needs no tag without a cluster', async (t) => {
  const keys = createChannelKeys('p:', [''])
  t.equal(keys.tagOf('room'), '')
  t.equal(keys.stream('room'), 'p:stream:room')
  t.equal(createChannelKeys('p:', []).tagOf('room'), '')
})

await t.test('ChannelKeys keeps idempotency keys apart', async (t) => {
  const keys = createChannelKeys('', [''])
  t.not(keys.idempotency('a', 'b:c'), keys.idempotency('a:b', 'c'))
})

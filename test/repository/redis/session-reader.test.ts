import t from 'tap'
import { createSessionKeys } from '../../../src/repository/redis/session-key.js'
import { SessionReader } from '../../../src/repository/redis/session-reader.js'
import type { SessionRedis } from '../../../src/repository/redis/session-redis.js'

/** A redis in which every session is an ended one of user `u`, and that notes what it is asked. */
function createRedis() {
  const asked: string[] = []
  const trust = { isTrusted: true }
  let invalidate: (key: string | null) => void = () => undefined
  const redis: SessionRedis = {
    async send(key) {
      asked.push(key)
      return key.endsWith('nobody') ? null : 'u'
    },
    async read(key) {
      asked.push(key)
      return { reply: ['logged_out', 'u'], trust }
    },
    run: () => Promise.reject(new Error('not used')),
    onInvalidate: (listener) => (invalidate = listener),
    onUp: () => undefined,
  }
  return { redis, asked, trust, invalidate: (key: string | null) => invalidate(key) }
}

const keys = createSessionKeys('p:')
const RECORD = { kind: 'ended', userId: 'u', reason: 'logged_out' }

await t.test(
  'SessionReader asks for an owner once, and for a record until it may keep it',
  async (t) => {
    const { redis, asked, trust, invalidate } = createRedis()
    const reader = new SessionReader({ redis, keys, entriesMax: 10 })
    const [owner, hash] = ['p:session-owner:s', 'p:session:{uu}:s']
    t.equal(reader.recallOwner('s'), undefined)
    t.strictSame(await reader.read('s'), RECORD)
    t.strictSame(asked.splice(0), [owner, hash])
    t.equal(reader.recallOwner('s'), 'u')
    t.strictSame(reader.recall('s'), RECORD)
    for (const change of [
      () => invalidate(hash),
      () => invalidate(null),
      () => reader.forget('s'),
      () => (trust.isTrusted = false),
    ]) {
      change()
      t.equal(reader.recall('s'), undefined)
      t.strictSame(await reader.read('s'), RECORD)
      t.strictSame(asked.splice(0), [hash])
    }
    invalidate('p:other')
  },
)

await t.test('SessionReader knows nothing of a session without an owner', async (t) => {
  const { redis, asked } = createRedis()
  const reader = new SessionReader({ redis, keys, entriesMax: 10 })
  t.strictSame(await reader.read('nobody'), { kind: 'unknown' })
  t.equal(await reader.ownerOf('nobody'), null)
  t.equal(asked.length, 2, 'it may be created yet: asked each time')
})

import t from 'tap'
import { SessionCache, type TrustedRecord } from '../../../src/repository/redis/session-cache.js'
import type { SessionRecord } from '../../../src/repository/redis/session-record.js'

const record = (userId: string): SessionRecord => ({ kind: 'ended', userId, reason: 'logged_out' })

/** A reading whose end the test decides. */
function pendingRead(): { read: () => Promise<TrustedRecord>; end(read: TrustedRecord): void } {
  let end: (read: TrustedRecord) => void = () => undefined
  const promise = new Promise<TrustedRecord>((resolve) => {
    end = resolve
  })
  return { read: () => promise, end: (read) => end(read) }
}

await t.test('SessionCache keeps a record while it is trusted', async (t) => {
  const cache = new SessionCache(10)
  const trust = { isTrusted: true }
  t.equal(cache.get('a'), undefined)
  const read = async (): Promise<TrustedRecord> => ({ record: record('u'), trust })
  t.strictSame(await cache.load('a', read), record('u'))
  t.strictSame(cache.get('a'), record('u'))
  trust.isTrusted = false
  t.equal(cache.get('a'), undefined)
  t.equal(cache.size, 0)
  trust.isTrusted = true
  t.equal(cache.get('a'), undefined, 'gone is gone')
})

await t.test('SessionCache keeps nothing that may not be kept', async (t) => {
  const cache = new SessionCache(10)
  for (const trust of [null, { isTrusted: false }]) {
    t.strictSame(await cache.load('a', async () => ({ record: record('u'), trust })), record('u'))
    t.equal(cache.get('a'), undefined)
  }
  const failing = cache.load('a', () => Promise.reject(new Error('boom')))
  await t.rejects(failing, { message: 'boom' })
  const trust = { isTrusted: true }
  await cache.load('a', async () => ({ record: record('v'), trust }))
  t.strictSame(cache.get('a'), record('v'), 'a failure is not shared with who asks later')
})

await t.test('SessionCache does not keep what changed while it was read', async (t) => {
  const trust = { isTrusted: true }
  for (const change of [
    (cache: SessionCache) => cache.delete('a'),
    (cache: SessionCache) => cache.clear(),
  ]) {
    const cache = new SessionCache(10)
    const [early, later] = [pendingRead(), pendingRead()]
    const first = cache.load('a', early.read)
    t.equal(cache.load('a', later.read), first, 'shared')
    change(cache)
    const second = cache.load('a', later.read)
    t.not(second, first, 'no longer shared')
    later.end({ record: record('new'), trust })
    t.strictSame(await second, record('new'))
    early.end({ record: record('old'), trust })
    t.strictSame(await first, record('old'), 'who asked before gets what was so then')
    t.strictSame(cache.get('a'), record('new'))
  }
})

await t.test('SessionCache is bounded', async (t) => {
  const cache = new SessionCache(2)
  const trust = { isTrusted: true }
  for (const id of ['a', 'b', 'c']) {
    await cache.load(id, async () => ({ record: record(id), trust }))
  }
  t.equal(cache.size, 2)
  t.equal(cache.get('a'), undefined)
  t.strictSame(cache.get('c'), record('c'))
})

import t from 'tap'
import { findStream, listEvents, listPublications } from '../../src/broker/channel-table.js'
import { type ChannelMessage, createStreamWriter } from '../../src/broker/stream-writer.js'
import { openTestStore } from '../repository/open-test-store.js'

const MESSAGE: ChannelMessage = {
  ...{ channel: 'a', kind: 'publication', body: 'b' },
  history: { size: 10, lifetimeMs: 500 },
  idempotency: null,
}

await t.test('StreamWriter appends, numbers and tells in one transaction', async (t) => {
  const store = await openTestStore(t)
  const writer = createStreamWriter({ metaLifetimeMs: 1_000 })
  const idempotency = { key: 'k', lifetimeMs: 100 }
  await store.write((db) => {
    const first = writer.write(db, { ...MESSAGE, idempotency }, 0)
    t.match(first, { position: { offset: 1, epoch: /./ }, duplicate: false })
    const { position } = first
    t.strictSame(writer.write(db, { ...MESSAGE, idempotency }, 99), { position, duplicate: true })
    t.match(writer.write(db, { ...MESSAGE, idempotency }, 100), { position: { offset: 2 } })
    const plain = { ...MESSAGE, history: null, idempotency: { key: 'p', lifetimeMs: 100 } }
    t.strictSame(writer.write(db, plain, 0), { position: null, duplicate: false })
    t.strictSame(writer.write(db, plain, 0), { position: null, duplicate: true })
    t.strictSame(
      listEvents(db, 0).map(({ offset, epoch }) => [offset, epoch]),
      [
        [1, position?.epoch],
        [2, position?.epoch],
        [0, ''],
      ],
    )
  })
})

await t.test(
  'StreamWriter keeps a stream that is open known, and forgets one that is not',
  async (t) => {
    const store = await openTestStore(t)
    const writer = createStreamWriter({ metaLifetimeMs: 1_000 })
    await store.write((db) => {
      t.ok(writer.isOpenDue(undefined, 0))
      const opened = writer.open(db, 'a', 0)
      t.match(opened, { offset: 0, forgetAt: 1_000 })
      t.notOk(writer.isOpenDue(opened, 500))
      t.strictSame(writer.open(db, 'a', 500), opened)
      t.ok(writer.isOpenDue(opened, 501))
      t.strictSame(writer.open(db, 'a', 501), { ...opened, forgetAt: 1_501 })
      t.match(writer.write(db, MESSAGE, 600).position, { offset: 1, epoch: opened.epoch })
      t.equal(findStream(db, 'a', 600)?.forgetAt, 1_600)
      const later = writer.write(db, MESSAGE, 1_600).position
      t.equal(later?.offset, 1)
      t.not(later?.epoch, opened.epoch)
      const page = { limit: 9, reverse: false, now: 0 }
      t.equal(listPublications(db, 'a', { after: 0, before: 99 }, page).length, 1, 'nothing old')
    })
    await store.write((db) => {
      const history = { size: 10, lifetimeMs: 5_000 }
      writer.write(db, { ...MESSAGE, channel: 'long', history }, 0)
      t.equal(findStream(db, 'long', 0)?.forgetAt, 5_000, 'not before its publications')
    })
  },
)

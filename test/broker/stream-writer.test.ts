import t from 'tap'
import type { BrokerConnection } from '../../src/broker/broker-store.js'
import { findStream, listEvents, listPublications } from '../../src/broker/channel-table.js'
import {
  type ChannelMessage,
  createStreamWriter,
  type StreamWriter,
} from '../../src/broker/stream-writer.js'
import type { PublishOutcome } from '../../src/domain/channel-broker.js'
import { openTestStore } from '../repository/open-test-store.js'

const MESSAGE: ChannelMessage = {
  ...{ channel: 'a', kind: 'publication', body: 'b' },
  history: { size: 10, lifetimeMs: 500 },
  idempotency: null,
}

/** One message, written in a batch of its own. */
function writeOne(
  writer: StreamWriter,
  db: BrokerConnection,
  message: ChannelMessage,
  now: number,
): PublishOutcome {
  const [outcome] = writer.write(db, [message], now)
  if (!outcome) throw new Error('no outcome')
  return outcome
}

await t.test('StreamWriter writes a batch, each message after the one before', async (t) => {
  const store = await openTestStore(t)
  const writer = createStreamWriter({ metaLifetimeMs: 1_000 })
  const history = { size: 3, lifetimeMs: 500 }
  const idempotency = { key: 'k', lifetimeMs: 100 }
  const batch: ChannelMessage[] = Array.from({ length: 6 }, (_, index) => ({
    ...MESSAGE,
    history,
    channel: index === 2 ? 'b' : 'a',
    idempotency: index > 3 ? idempotency : null,
  }))
  await store.write((db) => {
    const outcomes = writer.write(db, batch, 0)
    t.strictSame(
      outcomes.map(({ position, duplicate }) => `${position?.offset} ${duplicate}`),
      ['1 false', '2 false', '1 false', '3 false', '4 false', '4 true'],
    )
    t.equal(findStream(db, 'a', 0)?.offset, 4)
    const page = { limit: 9, reverse: false, now: 0 }
    const kept = listPublications(db, 'a', { after: 0, before: 99 }, page)
    t.strictSame(
      kept.map(({ offset }) => offset),
      [2, 3, 4],
    )
  })
})

await t.test('StreamWriter appends, numbers and tells in one transaction', async (t) => {
  const store = await openTestStore(t)
  const writer = createStreamWriter({ metaLifetimeMs: 1_000 })
  const idempotency = { key: 'k', lifetimeMs: 100 }
  await store.write((db) => {
    const first = writeOne(writer, db, { ...MESSAGE, idempotency }, 0)
    t.match(first, { position: { offset: 1, epoch: /./ }, duplicate: false })
    const { position } = first
    t.strictSame(writeOne(writer, db, { ...MESSAGE, idempotency }, 99), {
      position,
      duplicate: true,
    })
    t.match(writeOne(writer, db, { ...MESSAGE, idempotency }, 100), { position: { offset: 2 } })
    const plain = { ...MESSAGE, history: null, idempotency: { key: 'p', lifetimeMs: 100 } }
    t.strictSame(writeOne(writer, db, plain, 0), { position: null, duplicate: false })
    t.strictSame(writeOne(writer, db, plain, 0), { position: null, duplicate: true })
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
      t.match(writeOne(writer, db, MESSAGE, 600).position, { offset: 1, epoch: opened.epoch })
      t.equal(findStream(db, 'a', 600)?.forgetAt, 1_600)
      const later = writeOne(writer, db, MESSAGE, 1_600).position
      t.equal(later?.offset, 1)
      t.not(later?.epoch, opened.epoch)
      const page = { limit: 9, reverse: false, now: 0 }
      t.equal(listPublications(db, 'a', { after: 0, before: 99 }, page).length, 1, 'nothing old')
    })
    await store.write((db) => {
      const history = { size: 10, lifetimeMs: 5_000 }
      writeOne(writer, db, { ...MESSAGE, channel: 'long', history }, 0)
      t.equal(findStream(db, 'long', 0)?.forgetAt, 5_000, 'not before its publications')
    })
  },
)

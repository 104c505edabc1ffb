import t from 'tap'
import { createMessageCursor } from '../../src/broker/message-cursor.js'
import { BATCH_ROWS, insertMessage, listMessages } from '../../src/broker/message-table.js'
import type { SqliteStore } from '../../src/repository/sqlite-store.js'
import { openTestStore } from '../repository/open-test-store.js'

function send(store: SqliteStore, count: number): Promise<void> {
  return store.write((db) => {
    for (let n = 0; n < count; n += 1) {
      insertMessage(db, { sender: 'a', surveyId: 's', kind: 'push', body: '{}' }, 1)
    }
  })
}

await t.test('message cursor reads on without a gap', async (t) => {
  const store = await openTestStore(t)
  const cursor = createMessageCursor('broker_messages', listMessages)
  const next = () => store.read((db) => cursor.next(db))
  t.strictSame(next(), { messages: [], gap: false, more: false })
  await send(store, 2)
  t.match(next(), { messages: [{ id: 1 }, { id: 2 }], gap: false, more: false })
  t.match(next(), { messages: { length: 0 }, gap: false })
  await t.rejects(
    store.write((db) => {
      insertMessage(db, { sender: 'a', surveyId: 's', kind: 'push', body: '{}' }, 1)
      throw new Error('rolled back')
    }),
  )
  await send(store, 1)
  t.match(next(), { messages: [{ id: 3 }], gap: false }, 'a rolled-back id leaves no hole')
})

await t.test('message cursor reads a backlog in batches', async (t) => {
  const store = await openTestStore(t)
  const cursor = createMessageCursor('broker_messages', listMessages)
  await send(store, BATCH_ROWS + 1)
  const next = () => store.read((db) => cursor.next(db))
  t.match(next(), { messages: { length: BATCH_ROWS }, gap: false, more: true })
  t.match(next(), { messages: { length: 1 }, gap: false, more: false })
})

await t.test('message cursor sees what was pruned before it was read', async (t) => {
  const store = await openTestStore(t)
  const cursor = createMessageCursor('broker_messages', listMessages)
  const next = () => store.read((db) => cursor.next(db))
  await send(store, 3)
  await store.write((db) => db.prepare('DELETE FROM broker_messages WHERE id < 3').run())
  t.match(next(), { messages: [{ id: 3 }], gap: true })
  await send(store, 2)
  await store.write((db) => db.prepare('DELETE FROM broker_messages').run())
  t.match(next(), { messages: { length: 0 }, gap: true }, 'all of them')
  t.match(next(), { messages: { length: 0 }, gap: false }, 'once')
})

await t.test('message cursor sees data of an earlier time', async (t) => {
  const store = await openTestStore(t)
  const cursor = createMessageCursor('broker_messages', listMessages)
  await send(store, 100)
  store.read((db) => cursor.moveToEnd(db))
  await store.write((db) => {
    db.prepare('DELETE FROM broker_messages').run()
    db.prepare("DELETE FROM sqlite_sequence WHERE name = 'broker_messages'").run()
  })
  await send(store, 2)
  t.match(
    store.read((db) => cursor.next(db)),
    { messages: { length: 0 }, gap: true },
  )
  await send(store, 1)
  t.match(
    store.read((db) => cursor.next(db)),
    { messages: [{ id: 3 }], gap: false },
  )
})

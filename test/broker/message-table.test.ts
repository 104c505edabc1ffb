import t from 'tap'
import {
  BATCH_ROWS,
  insertMessage,
  insertReply,
  lastId,
  listMessages,
  listOthers,
  listReplies,
  prune,
  removeProcess,
  upsertProcess,
} from '../../src/broker/message-table.js'
import { openTestStore } from '../repository/open-test-store.js'

const MESSAGE = { sender: 'a', surveyId: 's', kind: 'push', body: '{}' }

await t.test('message table lists the others that are alive', async (t) => {
  const store = await openTestStore(t)
  const entry = (id: string) => ({ id, kind: 'http', pid: 1, startedAt: 0 })
  await store.write((db) => {
    upsertProcess(db, entry('a'), 100)
    upsertProcess(db, entry('b'), 100)
    upsertProcess(db, entry('c'), 50)
  })
  t.strictSame(
    store.read((db) => listOthers(db, 'a', 50)),
    ['b'],
  )
  await store.write((db) => {
    upsertProcess(db, entry('c'), 60)
    removeProcess(db, 'b')
  })
  t.strictSame(
    store.read((db) => listOthers(db, 'a', 50)),
    ['c'],
  )
})

await t.test('message table gives messages in order, after an id', async (t) => {
  const store = await openTestStore(t)
  t.equal(
    store.read((db) => lastId(db, 'broker_messages')),
    0,
  )
  await store.write((db) => {
    for (const kind of ['x', 'y', 'z']) insertMessage(db, { ...MESSAGE, kind }, 1)
  })
  t.strictSame(
    store.read((db) => listMessages(db, 1)),
    [
      { id: 2, ...MESSAGE, kind: 'y' },
      { id: 3, ...MESSAGE, kind: 'z' },
    ],
  )
})

await t.test('message table gives replies to their recipient only', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    insertReply(db, { recipient: 'a', surveyId: 's', body: '1' }, 'p', 1)
    insertReply(db, { recipient: 'b', surveyId: 's', body: '2' }, 'p', 1)
    insertReply(db, { recipient: 'a', surveyId: 's', body: '3' }, 'q', 1)
  })
  t.strictSame(
    store.read((db) => listReplies(db, 'a', 1)),
    [{ id: 3, surveyId: 's', processId: 'q', body: '3' }],
  )
})

await t.test('message table prunes the old, in batches', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    upsertProcess(db, { id: 'dead', kind: 'http', pid: 1, startedAt: 0 }, 10)
    upsertProcess(db, { id: 'alive', kind: 'http', pid: 1, startedAt: 0 }, 11)
    for (let n = 0; n < BATCH_ROWS + 10; n += 1) insertMessage(db, MESSAGE, 5)
    insertMessage(db, MESSAGE, 6)
    insertReply(db, { recipient: 'a', surveyId: 's', body: '1' }, 'p', 5)
    insertReply(db, { recipient: 'a', surveyId: 's', body: '2' }, 'p', 6)
  })
  t.equal(await store.write((db) => prune(db, 10, 6)), true)
  t.equal(await store.write((db) => prune(db, 10, 6)), false)
  store.read((db) => {
    t.strictSame(listOthers(db, 'me', 0), ['alive'])
    t.match(listMessages(db, 0), [{ id: BATCH_ROWS + 11 }])
    t.match(listReplies(db, 'a', 0), [{ body: '2' }])
    t.equal(lastId(db, 'broker_messages'), BATCH_ROWS + 11)
  })
})

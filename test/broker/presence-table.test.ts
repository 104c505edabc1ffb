import t from 'tap'
import { upsertProcess } from '../../src/broker/message-table.js'
import {
  countEntries,
  countEntriesOfUser,
  hasPresenceProcess,
  insertPresenceProcess,
  isEntryCurrent,
  listDeadProcesses,
  listEntries,
  putEntry,
  removeEntry,
  takeEntries,
} from '../../src/broker/presence-table.js'
import { infoOf } from '../contract/presence-store-contract.js'
import { openTestStore } from '../repository/open-test-store.js'

await t.test('entries are entered, counted and removed', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    const entry = { channel: 'a', info: infoOf('1', 'ann') }
    t.equal(isEntryCurrent(db, entry, 'p'), null)
    putEntry(db, entry, 'p')
    t.equal(isEntryCurrent(db, entry, 'p'), true)
    t.equal(isEntryCurrent(db, entry, 'q'), false)
    t.equal(isEntryCurrent(db, { ...entry, info: infoOf('1', 'bob') }, 'p'), false)
    putEntry(db, { ...entry, info: infoOf('2', 'ann') }, 'p')
    t.strictSame(countEntries(db, 'a'), { connections: 2, users: 1 })
    t.equal(countEntriesOfUser(db, 'a', 'ann'), 2)
    t.strictSame(listEntries(db, 'a', 1), [infoOf('1', 'ann')])
    t.equal(removeEntry(db, 'a', '1'), true)
    t.equal(removeEntry(db, 'a', '1'), false)
    t.strictSame(countEntries(db, 'b'), { connections: 0, users: 0 })
    t.equal(countEntriesOfUser(db, 'b', 'ann'), 0)
  })
})

await t.test('a dead process is found until the last of its entries is taken', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    for (const id of ['dead', 'alive', 'left']) insertPresenceProcess(db, id)
    insertPresenceProcess(db, 'dead')
    for (const id of ['dead', 'alive']) {
      upsertProcess(db, { id, kind: 'x', pid: 1, startedAt: 0 }, id === 'dead' ? 10 : 20)
    }
    for (const id of ['1', '2', '3']) putEntry(db, { channel: 'a', info: infoOf(id, 'u') }, 'dead')
    t.strictSame(listDeadProcesses(db, 9), ['left'])
    t.strictSame(listDeadProcesses(db, 10), ['dead', 'left'])
    t.equal(takeEntries(db, 'dead', 2).length, 2)
    t.ok(hasPresenceProcess(db, 'dead'))
    t.strictSame(takeEntries(db, 'dead', 2), [{ channel: 'a', info: infoOf('3', 'u') }])
    t.notOk(hasPresenceProcess(db, 'dead'))
    t.strictSame(takeEntries(db, 'left', 2), [])
    t.strictSame(listDeadProcesses(db, 10), [])
  })
})

import t from 'tap'
import {
  findKey,
  findStream,
  insertEvent,
  insertPublication,
  listEvents,
  listPositions,
  listPublications,
  pruneChannels,
  putKey,
  putStream,
  removePublications,
  trimPublications,
} from '../../src/broker/channel-table.js'
import { openTestStore } from '../repository/open-test-store.js'

const EVERYTHING = { after: 0, before: 1_000 }
const PAGE = { limit: 100, reverse: false, now: 0 }

await t.test('streams are known until they may be forgotten', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    putStream(db, 'a', { offset: 1, epoch: 'e', forgetAt: 100 }, 50)
    putStream(db, 'a', { offset: 2, epoch: 'e', forgetAt: 200 }, 50)
    t.strictSame(findStream(db, 'a', 199), { offset: 2, epoch: 'e', forgetAt: 200 })
    t.equal(findStream(db, 'a', 200), undefined)
    t.equal(findStream(db, 'b', 0), undefined)
    t.strictSame([...listPositions(db, ['b', 'a'], 0)], [['a', { offset: 2, epoch: 'e' }]])
    t.strictSame([...listPositions(db, ['a'], 200)], [])
  })
})

await t.test('publications are kept by size and time', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    const bodies = () =>
      listPublications(db, 'a', EVERYTHING, PAGE)
        .map(({ body }) => body)
        .join()
    for (let offset = 1; offset <= 5; offset += 1) {
      const expiresAt = offset * 10
      insertPublication(db, 'a', { offset, body: `${offset}` }, expiresAt)
    }
    trimPublications(db, 'a', { upTo: 1, now: 0 })
    t.equal(bodies(), '2,3,4,5')
    const page = (reverse: boolean) =>
      listPublications(db, 'a', { after: 2, before: 5 }, { limit: 1, reverse, now: 0 })
    t.strictSame([page(false), page(true)].flat(), [
      { offset: 3, body: '3' },
      { offset: 4, body: '4' },
    ])
    t.equal(listPublications(db, 'a', EVERYTHING, { ...PAGE, now: 30 }).length, 2)
    insertPublication(db, 'a', { offset: 6, body: '6' }, 90)
    trimPublications(db, 'a', { upTo: 0, now: 30 })
    t.equal(bodies(), '4,5,6', 'what has run out goes, too')
    removePublications(db, 'a')
    t.equal(bodies(), '')
  })
})

await t.test('keys count until their end', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    putKey(db, 'a', 'k', { offset: 1, epoch: 'e', expiresAt: 10 })
    t.strictSame(findKey(db, 'a', 'k', 9), { offset: 1, epoch: 'e' })
    t.equal(findKey(db, 'a', 'k', 10), undefined)
    putKey(db, 'a', 'k', { offset: 2, epoch: 'f', expiresAt: 20 })
    t.strictSame(findKey(db, 'a', 'k', 10), { offset: 2, epoch: 'f' })
    t.equal(findKey(db, 'b', 'k', 0), undefined)
  })
})

await t.test('events are read in the order in which they were sent', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    for (const kind of ['publication', 'join', 'leave'] as const) {
      insertEvent(db, { channel: 'a', kind, offset: 1, epoch: 'e', body: kind }, 5)
    }
    t.strictSame(
      listEvents(db, 1).map(({ id, kind }) => `${id} ${kind}`),
      ['2 join', '3 leave'],
    )
  })
})

await t.test('pruneChannels works in bounded steps until nothing is left', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    for (let index = 0; index < 700; index += 1) {
      const channel = `c${index}`
      insertEvent(db, { channel, kind: 'join', offset: 0, epoch: '', body: '' }, 1)
      putKey(db, channel, 'k', { offset: 1, epoch: 'e', expiresAt: 1 })
      putStream(db, channel, { offset: 1, epoch: 'e', forgetAt: 2 }, 1)
      insertPublication(db, channel, { offset: 1, body: '' }, 9)
    }
    const count = (table: string): number =>
      Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])
    const tables = ['channel_events', 'channel_keys', 'channel_streams', 'channel_publications']
    t.equal(pruneChannels(db, 0, 0), false, 'nothing is old')
    t.strictSame(tables.map(count), [700, 700, 700, 700])
    t.equal(pruneChannels(db, 60_000, 2), true)
    t.strictSame(tables.map(count), [200, 200, 200, 200])
    t.equal(pruneChannels(db, 60_000, 2), false)
    t.strictSame(tables.map(count), [0, 0, 0, 0])
  })
})

await t.test('pruneChannels looks again when the next publication ends', async (t) => {
  const store = await openTestStore(t)
  await store.write((db) => {
    putStream(db, 'a', { offset: 2, epoch: 'e', forgetAt: 1_000_000 }, 1)
    insertPublication(db, 'a', { offset: 1, body: '1' }, 60_000)
    insertPublication(db, 'a', { offset: 2, body: '2' }, 170_000)
    const left = (): number => listPublications(db, 'a', EVERYTHING, PAGE).length
    pruneChannels(db, 60_000, 0)
    t.equal(left(), 1)
    pruneChannels(db, 179_999, 0)
    t.equal(left(), 1, 'not before the time that was set')
    pruneChannels(db, 180_000, 0)
    t.equal(left(), 0)
    t.ok(findStream(db, 'a', 180_000), 'the stream is still known')
    pruneChannels(db, 1_020_000, 0)
    t.equal(findStream(db, 'a', 0), undefined)
  })
})

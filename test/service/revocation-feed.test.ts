import t from 'tap'
import type { EndedSession } from '../../src/domain/session.js'
import {
  createRevocationFeed,
  FEED_PAGE_MAX,
  type FeedEvent,
} from '../../src/service/revocation-feed.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryRevocationLog } from '../helpers/memory-revocation-log.js'
import { settled, waitFor } from '../helpers/wait-for.js'

const NEVER_MS = 1_000_000
const ended = (id: string): EndedSession => ({ id, userId: 'u', reason: 'logged_out' })

function createHouse(options: { pollIntervalMs?: number; heartbeatIntervalMs?: number } = {}) {
  const revocationLog = createMemoryRevocationLog()
  const clock = createFakeClock()
  const feed = createRevocationFeed(
    { revocationLog, clock },
    {
      accessTokenSeconds: 600,
      pollIntervalMs: NEVER_MS,
      heartbeatIntervalMs: NEVER_MS,
      ...options,
    },
  )
  const write = (...ids: string[]) => revocationLog.append(ids.map(ended), clock.now())
  return { revocationLog, clock, feed, write }
}

/** Reads in the background; what has come so far, what it failed with, and how to leave. */
function reader(feed: ReturnType<typeof createHouse>['feed'], resumeAfter = '') {
  const leaving = new AbortController()
  const events: FeedEvent[] = []
  const ids = (): string[] =>
    events.flatMap((event) =>
      event.type === 'revocations' ? event.revocations.map(({ id }) => id) : [],
    )
  const done = (async (): Promise<unknown> => {
    try {
      for await (const event of feed.watch(resumeAfter, leaving.signal)) events.push(event)
      return 'ended by itself'
    } catch (thrown) {
      return thrown
    }
  })()
  return { events, ids, done, leave: (why: Error) => leaving.abort(why) }
}

const types = (events: readonly FeedEvent[]): string[] => events.map(({ type }) => type)

await t.test('feed tells what a verifier must know, then what happens', async (t) => {
  const { revocationLog, clock, feed, write } = createHouse()
  await write('long ago')
  clock.advance(700_000)
  await write('lately')
  const one = reader(feed)
  await waitFor('it has caught up', () => types(one.events).includes('caught-up'))
  t.match(one.events, [
    { type: 'started', snapshot: true },
    { type: 'revocations', revocations: [{ id: 'lately', number: 2 }] },
    { type: 'caught-up' },
  ])
  await write('now')
  feed.nudge()
  await waitFor('it hears of it', () => one.ids().includes('now'))
  t.strictSame(one.ids(), ['lately', 'now'])
  t.equal(feed.rememberSeconds, 600)
  const why = new Error('enough')
  one.leave(why)
  t.equal(await one.done, why)
  t.equal(revocationLog.entries.length, 3)
})

await t.test('feed resumes after any position it gave, without a gap or a repeat', async (t) => {
  const { feed, write } = createHouse()
  await write(...Array.from({ length: FEED_PAGE_MAX * 2 + 7 }, (_, index) => `s${index}`))
  const first = reader(feed)
  await waitFor('it has caught up', () => types(first.events).includes('caught-up'))
  t.strictSame(types(first.events), [
    'started',
    ...['revocations', 'revocations', 'revocations', 'caught-up'],
  ])
  for (const [index, event] of first.events.entries()) {
    const before = first.events
      .slice(0, index + 1)
      .flatMap((told) => (told.type === 'revocations' ? told.revocations : []))
    const again = reader(feed, event.position)
    await waitFor('it has caught up', () => types(again.events).includes('caught-up'))
    t.match(again.events[0], { type: 'started', snapshot: false })
    t.strictSame([...before.map(({ id }) => id), ...again.ids()], first.ids())
    again.leave(new Error('done'))
    await again.done
  }
  first.leave(new Error('done'))
  await first.done
})

await t.test('feed notices by itself when nobody nudges', async () => {
  const { feed, write } = createHouse({ pollIntervalMs: 5 })
  const one = reader(feed)
  await waitFor('it has caught up', () => types(one.events).includes('caught-up'))
  await write('quiet')
  await waitFor('it hears of it', () => one.ids().includes('quiet'))
  one.leave(new Error('done'))
  await one.done
})

await t.test('feed says that it lives when nothing happens', async (t) => {
  const { feed } = createHouse({ heartbeatIntervalMs: 5 })
  const one = reader(feed)
  await waitFor('two heartbeats', () => types(one.events).lastIndexOf('heartbeat') >= 3)
  t.equal(one.events.at(-1)?.position, one.events[0]?.position)
  one.leave(new Error('done'))
  await one.done
})

await t.test('readers at the end of the log share one reading', async (t) => {
  const { revocationLog, feed, write } = createHouse()
  const readers = Array.from({ length: 20 }, () => reader(feed))
  await waitFor('all have caught up', () =>
    readers.every(({ events }) => types(events).includes('caught-up')),
  )
  await write('x')
  const before = revocationLog.reads()
  feed.nudge()
  await waitFor('all hear of it', () => readers.every(({ ids }) => ids().includes('x')))
  t.ok(revocationLog.reads() - before <= 4, `${revocationLog.reads() - before} readings for 20`)
  for (const one of readers) one.leave(new Error('done'))
  await Promise.all(readers.map(({ done }) => done))
})

await t.test('feed never misses a write that comes while it reads', async (t) => {
  const { feed, write } = createHouse()
  const readers = [reader(feed), reader(feed)]
  const all = Array.from({ length: 300 }, (_, index) => `w${index}`)
  for (const id of all) {
    await write(id)
    feed.nudge()
  }
  for (const one of readers) {
    await waitFor('it has everything', () => one.ids().length === all.length)
    t.strictSame(one.ids(), all)
    one.leave(new Error('done'))
    await one.done
  }
})

await t.test('feed refuses a position that the log does not reach back to', async (t) => {
  const { revocationLog, clock, feed, write } = createHouse()
  await write('a', 'b', 'c')
  const first = reader(feed)
  await waitFor('it has caught up', () => types(first.events).includes('caught-up'))
  const start = first.events[0]?.position ?? ''
  const end = first.events.at(-1)?.position ?? ''
  const expired = { code: 'FAILED_PRECONDITION', reason: 'position_expired' }
  await revocationLog.trim(clock.now() + 1)
  t.match(await reader(feed, start).done, expired)
  const ok = reader(feed, end)
  await waitFor('the end is still good', () => types(ok.events).includes('caught-up'))
  revocationLog.lose()
  feed.nudge()
  t.match(await ok.done, expired, 'a lost log ends those who read it')
  t.match(await reader(feed, end).done, expired)
  await first.done
})

await t.test('feed refuses what is no position', async (t) => {
  const { feed } = createHouse()
  for (const text of ['x', '1.2', 'e.x.s', 'E!.1.s', 'e.1.a b', `e.1.${'s'.repeat(600)}`]) {
    t.match(await reader(feed, text).done, {
      code: 'INVALID_ARGUMENT',
      reason: 'position_malformed',
      details: [{ path: 'resumeAfter' }],
    })
  }
})

await t.test('feed passes on that the log cannot be read', async (t) => {
  const { revocationLog, feed } = createHouse({ pollIntervalMs: 7 })
  const one = reader(feed)
  await waitFor('it has caught up', () => types(one.events).includes('caught-up'))
  revocationLog.setDown(true)
  const failure = { code: 'UNAVAILABLE', reason: 'log_down' }
  t.match(await settled('the next look fails', one.done), failure)
  t.match(await settled('so does the first', reader(feed).done), failure)
})

import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SessionCheck } from '../../src/domain/session.js'
import type { CommitState } from '../../src/repository/commit-mark.js'
import { createSessionMemory } from '../../src/repository/sqlite-session-memory.js'
import { createSqliteSessionStore } from '../../src/repository/sqlite-session-store.js'
import { sampleSession } from '../contract/sample-session.js'
import { openTestStore } from './open-test-store.js'

/** A memory over a store whose reads of sessions are counted, and the store of another process on the file. */
async function openPair(t: Test) {
  const file = join(t.testdir(), 'app.db')
  const store = await openTestStore(t, file)
  const foreign = await openTestStore(t, file)
  const sessions = createSqliteSessionStore({ store: foreign })
  const session = sampleSession()
  await sessions.create(session, { mode: 'unlimited' })
  const state: { reads: number; mark: CommitState | null; fails: boolean } = {
    ...{ reads: 0, mark: null, fails: false },
  }
  const mark = store.openMark()
  const memory = createSessionMemory({
    store: {
      read: (work) => {
        if (state.fails) throw new Error('busy')
        return store.read(work)
      },
      openMark: () => ({ ask: () => state.mark ?? mark.ask() }),
    },
    check: (db, id): SessionCheck => {
      state.reads += 1
      const row = db.prepare('SELECT 1 FROM sessions WHERE id = ?').get(id)
      return row ? { alive: true, session } : { alive: false, reason: null }
    },
  })
  return { memory, state, session, sessions, foreign, now: session.createdAt }
}

await t.test('memory reads a live session once while nobody commits', async (t) => {
  const { memory, state, session, now } = await openPair(t)
  for (let i = 0; i < 10; i += 1) t.match(memory.check(session.id, now), { alive: true })
  t.equal(state.reads, 1)
})

await t.test('memory keeps a session through commits that end none', async (t) => {
  const { memory, state, session, sessions, now } = await openPair(t)
  memory.check(session.id, now)
  await sessions.create(sampleSession(), { mode: 'unlimited' })
  await sessions.touch(session.id, now + 10, now + 20_000)
  t.match(memory.check(session.id, now), { alive: true })
  t.equal(state.reads, 1)
})

await t.test('memory lets go of a session with the commit that ends it', async (t) => {
  const { memory, session, sessions, now } = await openPair(t)
  t.match(memory.check(session.id, now), { alive: true })
  await sessions.end({ by: 'session', sessionId: session.id }, 'ended_by_user', now)
  t.match(memory.check(session.id, now), { alive: false })
  t.match(memory.check(session.id, now), { alive: false })
})

await t.test('memory lets go of sessions that were deleted or shortened by hand', async (t) => {
  const { memory, state, session, foreign, now } = await openPair(t)
  memory.check(session.id, now)
  for (const change of ['idle_expires_at = 5', 'expires_at = 6', "client_id = 'other'"]) {
    const before = state.reads
    await foreign.write((db) => db.prepare(`UPDATE sessions SET ${change}`).run())
    memory.check(session.id, now)
    t.equal(state.reads, before + 1, change)
  }
  await foreign.write((db) => db.prepare('DELETE FROM sessions').run())
  t.match(memory.check(session.id, now), { alive: false })
})

await t.test('memory believes nothing when the mark cannot tell', async (t) => {
  const { memory, state, session, now } = await openPair(t)
  state.mark = 'unknown'
  for (let i = 0; i < 3; i += 1) memory.check(session.id, now)
  t.equal(state.reads, 3)
})

await t.test('memory believes nothing after a reading that failed', async (t) => {
  const { memory, state, session, sessions, now } = await openPair(t)
  memory.check(session.id, now)
  await sessions.end({ by: 'session', sessionId: session.id }, 'ended_by_user', now)
  state.fails = true
  t.throws(() => memory.check(session.id, now), { message: 'busy' })
  t.throws(
    () => memory.check(session.id, now),
    { message: 'busy' },
    'though nobody commits any more',
  )
  state.fails = false
  t.match(memory.check(session.id, now), { alive: false })
})

await t.test(
  'memory reads again after a second, and where the session may have timed out',
  async (t) => {
    const { memory, state, session, now } = await openPair(t)
    memory.check(session.id, now)
    memory.check(session.id, now + 999)
    t.equal(state.reads, 1)
    memory.check(session.id, now + 1_000)
    t.equal(state.reads, 2)
    memory.check(session.id, now - 1_000)
    t.equal(state.reads, 3, 'the clock was set back')
    memory.check(session.id, session.idleExpiresAt)
    memory.check(session.id, session.idleExpiresAt)
    t.equal(state.reads, 5, 'what may be over is read each time')
  },
)

await t.test('memory forgets what it is told to', async (t) => {
  const { memory, state, session, now } = await openPair(t)
  memory.check(session.id, now)
  memory.forget([session.id, 'unknown'])
  memory.check(session.id, now)
  t.equal(state.reads, 2)
})

await t.test('memory is bounded, the oldest reading gives way', async (t) => {
  const store = await openTestStore(t)
  const session = sampleSession()
  const read: string[] = []
  const memory = createSessionMemory({
    ...{ store, entriesMax: 2 },
    check: (_db, id) => {
      read.push(id)
      return { alive: true, session }
    },
  })
  for (const id of ['a', 'b', 'c', 'b', 'c', 'a']) memory.check(id, session.createdAt)
  t.strictSame(read, ['a', 'b', 'c', 'a'])
})

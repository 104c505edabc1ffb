import t from 'tap'
import { AUDIT_PAGE_MAX, type AuditEvent } from '../../src/domain/audit.js'
import { createAuditLog } from '../../src/repository/audit-log.js'
import type { SqliteStore } from '../../src/repository/sqlite-store.js'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { openTestStore } from './open-test-store.js'

const EVENT: AuditEvent = {
  type: 'session.ended',
  at: 1_767_225_600_000,
  actorId: 'ann',
  userId: 'bob',
  sessionId: 'session-1',
  address: '192.0.2.1',
  data: { reason: 'ended_by_admin', count: 2, forced: true },
}

function readEvents(store: SqliteStore): unknown[] {
  return store.read((db) =>
    db
      .prepare('SELECT * FROM audit_events ORDER BY id')
      .all()
      .map((row) => ({ ...row })),
  )
}

await t.test('audit log appends on its own', async (t) => {
  const store = await openTestStore(t)
  await createAuditLog(store).append(EVENT)
  t.strictSame(readEvents(store), [
    {
      id: 1,
      type: 'session.ended',
      at: 1_767_225_600_000,
      actor_id: 'ann',
      user_id: 'bob',
      session_id: 'session-1',
      address: '192.0.2.1',
      data: '{"reason":"ended_by_admin","count":2,"forced":true}',
    },
  ])
})

await t.test('audit log appends in a transaction and goes back with it', async (t) => {
  const store = await openTestStore(t)
  const log = createAuditLog(store)
  const transactions = createTransactionRunner(store, createMemoryLogger())
  const nobody = { actorId: null, userId: null, sessionId: null, address: null, data: {} }
  await transactions.run((tx) => log.append({ ...EVENT, ...nobody }, tx))
  const failing = transactions.run(async (tx) => {
    await log.append(EVENT, tx)
    throw new Error('no')
  })
  await t.rejects(failing, { message: 'no' })
  t.match(readEvents(store), [{ actor_id: null, user_id: null, session_id: null, data: '{}' }])
})

await t.test('audit log refuses a transaction that is not of its store', async (t) => {
  const log = createAuditLog(await openTestStore(t))
  await t.rejects(log.append(EVENT, { afterCommit: () => undefined }), {
    code: 'INTERNAL',
    reason: 'transaction_foreign',
  })
})

await t.test('audit log lists newest first, filtered, page by page', async (t) => {
  const log = createAuditLog(await openTestStore(t))
  for (let index = 0; index < 10; index += 1) {
    await log.append({
      ...EVENT,
      at: EVENT.at + index,
      userId: index % 2 === 0 ? 'bob' : 'eve',
      type: index < 5 ? 'login.failed' : 'session.ended',
    })
  }
  const first = await log.list({ limit: 4 })
  t.same(
    first.events.map(({ id }) => id),
    [10, 9, 8, 7],
  )
  t.strictSame(first.events[0], { ...EVENT, id: 10, at: EVENT.at + 9, userId: 'eve' })
  t.equal(first.next, 7)
  const second = await log.list({ limit: 6, before: 7 })
  t.equal(second.events.length, 6)
  t.equal(second.next, null)
  const filtered = await log.list({
    limit: 10,
    userId: 'bob',
    type: 'login.failed',
    since: EVENT.at + 2,
  })
  t.same(
    filtered.events.map(({ at }) => at - EVENT.at),
    [4, 2],
  )
  t.strictSame(await log.list({ limit: 10, userId: 'nobody' }), { events: [], next: null })
})

await t.test('audit log bounds its page', async (t) => {
  const store = await openTestStore(t)
  const log = createAuditLog(store)
  const transactions = createTransactionRunner(store, createMemoryLogger())
  await transactions.run(async (tx) => {
    for (let index = 0; index <= AUDIT_PAGE_MAX; index += 1) await log.append(EVENT, tx)
  })
  t.equal((await log.list({ limit: 100_000 })).events.length, AUDIT_PAGE_MAX)
  t.equal((await log.list({ limit: 0 })).events.length, 1)
})

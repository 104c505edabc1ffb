import type { Test } from 'tap'
import { AUDIT_PAGE_MAX, type AuditEvent } from '../../src/domain/audit.js'
import { createAuditLog } from '../../src/repository/audit-log.js'
import type { SqlStore } from '../../src/repository/sql-store.js'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'

const EVENT: AuditEvent = {
  type: 'session.ended',
  at: 1_767_225_600_000,
  actorId: 'ann',
  userId: 'bob',
  sessionId: 'session-1',
  address: '192.0.2.1',
  data: { reason: 'ended_by_admin', count: 2, forced: true },
}

/** What the audit log promises on every SQL store. `open` gives a migrated, empty one. */
export async function checkAuditLog(t: Test, open: (t: Test) => Promise<SqlStore>): Promise<void> {
  const readEvents = (store: SqlStore) =>
    store.latest.selectFrom('audit_events').selectAll().orderBy('id').execute()

  await t.test('appends on its own', async (t) => {
    const store = await open(t)
    await createAuditLog(store).append(EVENT)
    t.strictSame(await readEvents(store), [
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

  await t.test('appends in a transaction and goes back with it', async (t) => {
    const store = await open(t)
    const log = createAuditLog(store)
    const transactions = createTransactionRunner(store, createMemoryLogger())
    const nobody = { actorId: null, userId: null, sessionId: null, address: null, data: {} }
    await transactions.run((tx) => log.append({ ...EVENT, ...nobody }, tx))
    const failing = transactions.run(async (tx) => {
      await log.append(EVENT, tx)
      throw new Error('no')
    })
    await t.rejects(failing, { message: 'no' })
    t.match(await readEvents(store), [
      { actor_id: null, user_id: null, session_id: null, data: '{}' },
    ])
    t.equal((await readEvents(store)).length, 1)
  })

  await t.test('refuses a transaction that is not of its store', async (t) => {
    const log = createAuditLog(await open(t))
    await t.rejects(log.append(EVENT, { afterCommit: () => undefined }), {
      code: 'INTERNAL',
      reason: 'transaction_foreign',
    })
  })
  await checkListing(t, open)
}

async function checkListing(t: Test, open: (t: Test) => Promise<SqlStore>): Promise<void> {
  await t.test('lists newest first, filtered, page by page', async (t) => {
    const log = createAuditLog(await open(t))
    for (let index = 0; index < 10; index += 1) {
      await log.append({
        ...EVENT,
        at: EVENT.at + index,
        userId: index % 2 === 0 ? 'bob' : 'eve',
        type: index < 5 ? 'login.failed' : 'session.ended',
      })
    }
    // The page is read from a replica where there is one.
    await waitFor('all events', async () => (await log.list({ limit: 100 })).events.length === 10)
    const agesOf = (events: readonly AuditEvent[]) => events.map(({ at }) => at - EVENT.at)
    const first = await log.list({ limit: 4 })
    t.same(agesOf(first.events), [9, 8, 7, 6])
    const [newest, , , oldest] = first.events
    t.strictSame(newest, { ...EVENT, id: newest?.id, at: EVENT.at + 9, userId: 'eve' })
    t.ok(Number(newest?.id) > Number(oldest?.id), 'a later event has a higher id')
    t.equal(first.next, oldest?.id)
    const second = await log.list({ limit: 6, before: Number(first.next) })
    t.same(agesOf(second.events), [5, 4, 3, 2, 1, 0])
    t.equal(second.next, null)
    const filtered = await log.list({
      limit: 10,
      userId: 'bob',
      type: 'login.failed',
      since: EVENT.at + 2,
    })
    t.same(agesOf(filtered.events), [4, 2])
    t.equal(filtered.next, null)
    t.strictSame(await log.list({ limit: 10, userId: 'nobody' }), { events: [], next: null })
  })

  await t.test('bounds its page', async (t) => {
    const store = await open(t)
    const log = createAuditLog(store)
    const transactions = createTransactionRunner(store, createMemoryLogger())
    await transactions.run(async (tx) => {
      for (let index = 0; index <= AUDIT_PAGE_MAX; index += 1) await log.append(EVENT, tx)
    })
    const all = store.reader.selectFrom('audit_events').select('id')
    await waitFor('all events', async () => (await all.execute()).length > AUDIT_PAGE_MAX)
    t.equal((await log.list({ limit: 100_000 })).events.length, AUDIT_PAGE_MAX)
    t.equal((await log.list({ limit: 0 })).events.length, 1)
  })
}

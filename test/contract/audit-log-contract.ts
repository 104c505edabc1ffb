import type { Test } from 'tap'
import { AUDIT_PAGE_MAX, type AuditEvent, type AuditQuery } from '../../src/domain/audit.js'
import { createAuditLog } from '../../src/repository/audit-log.js'
import type { SqlStore } from '../../src/repository/sql-store.js'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

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

  await t.test('lists what was appended, newest first, as it was given', async (t) => {
    const log = createAuditLog(await open(t))
    t.strictSame(await log.list({ limit: 10 }), { events: [], next: null })
    const nobody = { actorId: null, userId: null, sessionId: null, address: null, data: {} }
    await log.append(EVENT)
    await log.append({ ...EVENT, ...nobody })
    t.strictSame(await log.list({ limit: 10 }), {
      events: [
        { ...EVENT, ...nobody, id: 2 },
        { ...EVENT, id: 1 },
      ],
      next: null,
    })
  })

  await t.test('lists page by page, by user, by type and from an instant on', async (t) => {
    const store = await open(t)
    const log = createAuditLog(store)
    await createTransactionRunner(store, createMemoryLogger()).run(async (tx) => {
      for (let index = 1; index <= 12; index += 1) {
        const userId = index % 3 === 0 ? 'cid' : 'bob'
        const type = index % 2 === 0 ? 'login.failed' : 'session.ended'
        await log.append({ ...EVENT, userId, type, at: 1_000 + index }, tx)
      }
    })
    const ids = async (query: AuditQuery) => {
      const { events, next } = await log.list(query)
      return [events.map(({ id }) => id), next]
    }
    t.strictSame(await ids({ limit: 5 }), [[12, 11, 10, 9, 8], 8])
    t.strictSame(await ids({ limit: 5, before: 8 }), [[7, 6, 5, 4, 3], 3])
    t.strictSame(await ids({ limit: 5, before: 3 }), [[2, 1], null])
    t.strictSame(await ids({ limit: 4, userId: 'cid' }), [[12, 9, 6, 3], null])
    t.strictSame(await ids({ limit: 2, userId: 'cid', before: 12 }), [[9, 6], 6])
    t.strictSame(await ids({ limit: 9, type: 'login.failed' }), [[12, 10, 8, 6, 4, 2], null])
    t.strictSame(await ids({ limit: 9, since: 1_010 }), [[12, 11, 10], null])
    const all = { userId: 'bob', type: 'login.failed', since: 1_004, before: 10 } as const
    t.strictSame(await ids({ limit: 9, ...all }), [[8, 4], null])
    t.strictSame(await ids({ limit: 9, userId: 'nobody' }), [[], null])
    t.strictSame(await ids({ limit: 0 }), [[12], 12], 'at least one')
  })

  await t.test('lists no more than a page has', async (t) => {
    const store = await open(t)
    const log = createAuditLog(store)
    await createTransactionRunner(store, createMemoryLogger()).run(async (tx) => {
      for (let index = 0; index <= AUDIT_PAGE_MAX; index += 1) await log.append(EVENT, tx)
    })
    const { events, next } = await log.list({ limit: 1e9 })
    t.equal(events.length, AUDIT_PAGE_MAX)
    t.equal(next, 2)
  })

  await t.test('refuses a transaction that is not of its store', async (t) => {
    const log = createAuditLog(await open(t))
    await t.rejects(log.append(EVENT, { afterCommit: () => undefined }), {
      code: 'INTERNAL',
      reason: 'transaction_foreign',
    })
  })
}

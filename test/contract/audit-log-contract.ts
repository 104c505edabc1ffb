import type { Test } from 'tap'
import type { AuditEvent } from '../../src/domain/audit.js'
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

  await t.test('refuses a transaction that is not of its store', async (t) => {
    const log = createAuditLog(await open(t))
    await t.rejects(log.append(EVENT, { afterCommit: () => undefined }), {
      code: 'INTERNAL',
      reason: 'transaction_foreign',
    })
  })
}

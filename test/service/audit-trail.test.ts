import t from 'tap'
import { createAuditTrail } from '../../src/service/audit-trail.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryAuditLog } from '../helpers/memory-audit-log.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

const EVENT = {
  type: 'login.failed',
  actorId: null,
  userId: null,
  sessionId: null,
  address: '192.0.2.1',
  data: {},
} as const

await t.test('audit trail writes events with their time', async (t) => {
  const deps = {
    auditLog: createMemoryAuditLog(),
    clock: createFakeClock(),
    logger: createMemoryLogger(),
  }
  await createAuditTrail(deps).record(EVENT)
  t.strictSame(deps.auditLog.events, [{ ...EVENT, at: deps.clock.now() }])
  t.strictSame(deps.logger.lines, [])
})

await t.test('audit trail logs what it cannot write and goes on', async (t) => {
  const deps = {
    auditLog: createMemoryAuditLog(),
    clock: createFakeClock(),
    logger: createMemoryLogger(),
  }
  deps.auditLog.setDown(true)
  await createAuditTrail(deps).record(EVENT)
  t.match(deps.logger.lines, [
    {
      level: 'error',
      message: 'cannot write an audit event',
      fields: { type: 'login.failed', err: { message: 'the audit log is away' } },
    },
  ])
})

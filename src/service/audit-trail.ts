import type { AuditEvent, AuditLog } from '../domain/audit.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'

/** Writes down what has already happened: a failure to write is logged and does not undo it. */
export interface AuditTrail {
  /** Never rejects. */
  record(event: Omit<AuditEvent, 'at'>): Promise<void>
}

export interface AuditTrailDeps {
  readonly auditLog: AuditLog
  readonly clock: Clock
  readonly logger: Logger
}

export function createAuditTrail({ auditLog, clock, logger }: AuditTrailDeps): AuditTrail {
  return {
    async record(event) {
      try {
        await auditLog.append({ ...event, at: clock.now() })
      } catch (error) {
        logger.error({ err: error, type: event.type }, 'cannot write an audit event')
      }
    },
  }
}

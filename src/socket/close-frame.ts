import { toAppError } from '../errors/app-error.js'
import { closeCodeOf, ERROR_TABLE } from '../errors/code.js'
import type { CloseCause, CloseFrame } from './client-line.js'

const GOING_AWAY_CODE = 1001

/** The close frames of the protocols of the house itself: the error table, and RFC 6455 for the end of the server. */
export function closeFrameOf(cause: CloseCause): CloseFrame {
  switch (cause) {
    case 'slow':
      return { code: ERROR_TABLE.UNAVAILABLE.closeCode, reason: 'slow_consumer' }
    case 'idle':
      return { code: ERROR_TABLE.DEADLINE_EXCEEDED.closeCode, reason: 'connection_idle' }
    case 'rate_limited':
      return { code: ERROR_TABLE.RESOURCE_EXHAUSTED.closeCode, reason: 'rate_limited' }
    case 'shutdown':
      return { code: GOING_AWAY_CODE, reason: 'server_shutdown' }
    default: {
      const error = toAppError(cause)
      return { code: closeCodeOf(error), reason: error.reason }
    }
  }
}

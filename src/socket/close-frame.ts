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

/**
 * The code with which the WebSocket library closes for a frame that it refuses (RFC 6455 §7.4.1); null for an error of
 * another kind. Its `close` event would only say that the peer did not end in order.
 */
export function refusedFrameCode(error: Error & { readonly code?: unknown }): number | null {
  switch (error.code) {
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
      return 1009
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return 1008
    case 'WS_ERR_INVALID_UTF8':
      return 1007
    default:
      return String(error.code).startsWith('WS_ERR_') ? 1002 : null
  }
}

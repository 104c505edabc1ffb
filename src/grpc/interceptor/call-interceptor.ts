import {
  type Deadline,
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js'
import type { AppError } from '../../errors/app-error.js'
import { attachCallRecord, type CallRecord, createCallRecord } from '../call-record.js'
import { toFailureStatus } from '../server-status.js'

/** A call that is over, as the observer learns of it, once. */
export interface FinishedCall {
  /** Method path, `/package.Service/Method`. */
  readonly path: string
  /** gRPC status number. */
  readonly status: number
  readonly latencyMs: number
  /** Address and port of the peer. */
  readonly peer: string
  readonly record: CallRecord
  /** False when the call ended before its request had arrived whole. */
  readonly received: boolean
}

export interface CallInterceptorDeps {
  /** Why this call is not let in, or null. Asked before one byte of the request is read. */
  readonly admit: (path: string, metadata: Metadata) => AppError | null
  readonly observe: (call: FinishedCall) => void
}

/**
 * Stands before every registered method: lets calls in or refuses them by their metadata alone, gives each
 * its request id, and reports its end exactly once.
 */
export function createCallInterceptor(deps: CallInterceptorDeps): ServerInterceptor {
  return (method, call) => {
    const record = createCallRecord()
    const startedAt = performance.now()
    // Asked for now: when the call is over, its connection may be gone.
    const peer = call.getPeer()
    let received = false
    let finished = false
    const finish = (code: number): void => {
      if (finished) return
      finished = true
      const latencyMs = performance.now() - startedAt
      deps.observe({ path: method.path, status: code, latencyMs, peer, record, received })
    }
    const refuse = (error: AppError): void => {
      record.error = error
      const failure = toFailureStatus(error, record.requestId)
      finish(failure.code)
      call.sendStatus(failure)
    }
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, nextMetadata) => {
            const refusal = deps.admit(method.path, metadata)
            if (refusal) {
              refuse(refusal)
              return
            }
            attachCallRecord(metadata, record)
            nextMetadata(metadata)
          },
          onReceiveMessage: (message, nextMessage) => {
            received = true
            nextMessage(message)
          },
          // Comes after every end; the first to report wins.
          onCancel: () => {
            finish(isPast(call.getDeadline()) ? status.DEADLINE_EXCEEDED : status.CANCELLED)
          },
        })
      },
      sendStatus: (sent, next) => {
        finish(sent.code ?? status.UNKNOWN)
        next(sent)
      },
    })
  }
}

function isPast(deadline: Deadline): boolean {
  return Number(deadline) <= Date.now()
}

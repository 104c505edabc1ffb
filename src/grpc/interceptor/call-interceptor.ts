import {
  type Deadline,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js'
import { AppError } from '../../errors/app-error.js'
import type { Admission } from '../admission.js'
import { attachCallRecord, type CallRecord, createCallRecord } from '../call-record.js'
import type { Caller } from '../caller.js'
import { toFailureStatus } from '../server-status.js'
import type { StreamGate } from '../stream-gate.js'

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
  /** Who calls, or why this call is not let in. Asked before one byte of the request is read. */
  readonly admit: Admission
  /** Counts the streams of a peer. */
  readonly streams: StreamGate
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
    let leave: (() => void) | undefined
    const finish = (code: number): void => {
      if (finished) return
      finished = true
      const latencyMs = performance.now() - startedAt
      deps.observe({ path: method.path, status: code, latencyMs, peer, record, received })
    }
    const refuse = (error: AppError): false => {
      record.error = error
      const failure = toFailureStatus(error, record.requestId)
      finish(failure.code)
      call.sendStatus(failure)
      return false
    }
    const letIn = (answer: Caller | AppError): boolean => {
      if (answer instanceof AppError) return refuse(answer)
      const place = method.responseStream ? deps.streams.enter(peer) : undefined
      if (place instanceof AppError) return refuse(place)
      leave = place
      record.caller = answer
      return true
    }
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, nextMetadata) => {
            const proceed = (answer: Caller | AppError): void => {
              // The peer may have left while its session was looked up.
              if (finished || !letIn(answer)) return
              attachCallRecord(metadata, record)
              nextMetadata(metadata)
            }
            const answer = deps.admit(method.path, metadata, peer)
            if (answer instanceof Promise) void answer.then(proceed)
            else proceed(answer)
          },
          onReceiveMessage: (message, nextMessage) => {
            received = true
            nextMessage(message)
          },
          // Comes after every end; the first to report wins.
          onCancel: () => {
            leave?.()
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

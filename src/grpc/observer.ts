import { status } from '@grpc/grpc-js'
import type { Registry } from 'prom-client'
import type { Logger } from '../domain/logger.js'
import { ERROR_TABLE, type ErrorCode } from '../errors/code.js'
import { describeCaller } from './caller.js'
import type { FinishedCall } from './interceptor/guarded-call.js'
import { createCallMetrics } from './metrics.js'

/** Probes come every few seconds from every balancer: below the notice of an ordinary log. */
const PROBE_PREFIX = '/grpc.health.v1.Health/'

/** Writes one log line and counts one call when it is over. */
export function createObserver(deps: {
  logger: Logger
  registry?: Registry
}): (call: FinishedCall) => void {
  const metrics = deps.registry ? createCallMetrics(deps.registry) : null
  return (call) => {
    const name = status[call.status] ?? 'UNKNOWN'
    metrics?.record(call.path, name, call.latencyMs)
    deps.logger[levelOf(call, name)](fieldsOf(call, name), 'gRPC call')
  }
}

function levelOf(call: FinishedCall, name: string): keyof Logger {
  if (name === 'OK') return call.path.startsWith(PROBE_PREFIX) ? 'debug' : 'info'
  return isErrorCode(name) ? ERROR_TABLE[name].logLevel : 'error'
}

function fieldsOf(call: FinishedCall, name: string): object {
  const { error, requestId } = call.record
  const caller = describeCaller(call.record.caller)
  // Member by member: spreading objects into one costs more than writing the line.
  const fields: Record<string, unknown> = {
    operation: call.path.slice(1),
    status: name,
    latencyMs: Math.round(call.latencyMs * 1_000) / 1_000,
    peer: call.peer,
    requestId,
  }
  if (caller !== null) fields['caller'] = caller
  if (name !== 'OK') fields['reason'] = error?.reason ?? transportReason(call, name)
  if (error?.cause !== undefined) fields['err'] = error.cause
  return fields
}

/** Why grpc-js itself ended a call; of one that broke a limit it says no more than that it is over. */
function transportReason(call: FinishedCall, name: string): string {
  if (name === 'DEADLINE_EXCEEDED') return 'deadline_exceeded'
  if (name !== 'CANCELLED') return 'request_invalid'
  return call.received ? 'cancelled' : 'request_incomplete'
}

function isErrorCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, name)
}

import { randomUUID } from 'node:crypto'
import type { Metadata } from '@grpc/grpc-js'
import type { AppError } from '../errors/app-error.js'
import { ANYBODY, type Caller } from './caller.js'

/** What the interceptor and the wrapper of a call tell each other about it. */
export interface CallRecord {
  readonly requestId: string
  /** Who calls; anybody until the call was let in. */
  caller: Caller
  /** Why the call failed, with its cause for the log. */
  error: AppError | null
}

const RECORD_KEY = 'gatehouse.call-record'

export function createCallRecord(): CallRecord {
  return { requestId: randomUUID(), caller: ANYBODY, error: null }
}

/** Lets the record travel with the metadata of its call; it is never sent. */
export function attachCallRecord(metadata: Metadata, record: CallRecord): void {
  metadata.setOpaque(RECORD_KEY, record)
}

/** The record of the call with this metadata; a fresh one when none was attached. */
export function callRecordOf(metadata: Metadata): CallRecord {
  return (metadata.getOpaque(RECORD_KEY) as CallRecord | undefined) ?? createCallRecord()
}

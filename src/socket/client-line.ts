import type { Connection } from '../realtime/connection.js'
import type { DeliveryOutcome } from '../realtime/channels.js'
import type { Delivery } from '../realtime/namespace.js'

/** How the bytes of one message go to a peer that does not keep up. */
export interface PreparedOptions {
  readonly channel: string
  readonly delivery: Delivery
}

/** The line to one client of the channel protocol, over whatever carries it. */
export interface ClientLine extends Connection {
  /** False from the first moment of a close by either side. */
  isOpen(): boolean
  /** When something was last heard from the peer, in monotonic milliseconds. */
  readonly lastSeenAtMs: number
  /** Like `send`, for what the peer has asked for: one answer at a time may be larger than the whole queue. */
  sendAnswer(message: string): boolean
  /** Writes bytes that were prepared for this kind of line; many lines write the same. */
  sendPrepared(bytes: Uint8Array, options: PreparedOptions): DeliveryOutcome
  /** Closes for a failure, which is logged. */
  fail(thrown: unknown): void
}

/** A message that may be dropped is, when this part of the queue is full. */
const DROPPABLE_SHARE = 0.25

/** Whether a message that may be dropped is: a peer that keeps up gets it, also when a few messages come at once. */
export function isDropped(bytes: number, waitingBytes: number, queueBytesMax: number): boolean {
  return waitingBytes > 0 && waitingBytes + bytes > queueBytesMax * DROPPABLE_SHARE
}

/** Why the server closes a connection: one of its bounds, its own end, or a failure. */
export type CloseCause = 'slow' | 'idle' | 'rate_limited' | 'shutdown' | Error

export interface CloseFrame {
  readonly code: number
  readonly reason: string
}

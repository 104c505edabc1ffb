import type { WebSocket } from 'ws'
import type { Logger } from '../domain/logger.js'
import { type AppError, toAppError } from '../errors/app-error.js'
import { closeCodeOf, ERROR_TABLE } from '../errors/code.js'
import type { Connection } from '../realtime/connection.js'
import { closeReason } from './close-reason.js'
import type { SocketMetrics } from './socket-metrics.js'

/** Bounds of one connection. Durations in milliseconds. */
export interface ConnectionLimits {
  /** Bytes that may wait for a peer that does not read. */
  readonly queueBytesMax: number
  /** How long a peer may send nothing at all, pongs included, from the first moment on. */
  readonly idleTimeoutMs: number
  /** After how much silence the peer is pinged. */
  readonly pingIntervalMs: number
  /** Messages and pings that a peer may send, per second and at once. */
  readonly messagesPerSecondMax: number
  /** How long the peer has to answer a close before its socket is cut. */
  readonly closeTimeoutMs: number
}

/** What a protocol does with a connection. One handler may serve many connections. */
export interface ConnectionHandler {
  /** One data frame, in the order of arrival. An AppError thrown here closes the connection with its code. */
  receive(connection: SocketConnection, data: Buffer, isBinary: boolean): void
  /** Now and then, with the time of the shared timer, in monotonic milliseconds. */
  tick(connection: SocketConnection, nowMs: number): void
  /** Once, the moment the connection begins to close or is found closed: give back what belongs to it. */
  release(connection: SocketConnection): void
}

/** What all connections of a service share, so that each holds one reference. */
export interface ConnectionShared {
  readonly limits: ConnectionLimits
  readonly metrics: SocketMetrics
  readonly logger: Logger
}

/** Frame header of an unmasked frame, by payload length (RFC 6455 §5.2). */
const SHORT_HEADER_BYTES = 2
const MEDIUM_HEADER_BYTES = 4
const LONG_HEADER_BYTES = 10
const SHORT_PAYLOAD_BYTES_MAX = 125
const MEDIUM_PAYLOAD_BYTES_MAX = 65_535

const OPEN = 1
const SECOND_MS = 1_000

/**
 * One WebSocket with its bounds. It owns no timer: whoever holds it calls `tick`. All instants are
 * monotonic milliseconds, so that a corrected system clock closes nobody.
 */
export class SocketConnection implements Connection {
  readonly id: string
  readonly #socket: WebSocket
  readonly #handler: ConnectionHandler
  readonly #shared: ConnectionShared
  #lastSeenAtMs: number
  #lastPingAtMs: number
  #allowance: number
  #allowanceAtMs: number
  #closeDeadlineMs = Infinity
  #sentCloseCode: number | null = null
  #released = false

  constructor(options: {
    id: string
    socket: WebSocket
    handler: ConnectionHandler
    shared: ConnectionShared
    nowMs: number
  }) {
    this.id = options.id
    this.#socket = options.socket
    this.#handler = options.handler
    this.#shared = options.shared
    this.#lastSeenAtMs = options.nowMs
    this.#lastPingAtMs = options.nowMs
    this.#allowance = options.shared.limits.messagesPerSecondMax
    this.#allowanceAtMs = options.nowMs
  }

  /** False from the first moment of a close by either side. */
  isOpen(): boolean {
    return !this.#released && this.#socket.readyState === OPEN
  }

  send(message: string): boolean {
    return this.#enqueue(message, Buffer.byteLength(message), false)
  }

  /** Like `send`, as a binary frame. */
  sendBinary(message: Buffer): boolean {
    return this.#enqueue(message, message.length, true)
  }

  close(code: number, reason: string): void {
    if (!this.isOpen()) return
    this.#sentCloseCode = code
    this.#closeDeadlineMs = performance.now() + this.#shared.limits.closeTimeoutMs
    this.#release()
    this.#socket.close(code, closeReason(reason))
  }

  /** Closes for a failure, with the code of the error table and the failure's reason. */
  fail(thrown: unknown): void {
    if (!this.isOpen()) return
    const error = toAppError(thrown)
    this.#log(error)
    this.close(closeCodeOf(error), error.reason)
  }

  /** A data frame has arrived. What comes after the close has begun is not looked at. */
  received(data: Buffer, isBinary: boolean): void {
    if (!this.isOpen() || !this.#admit(performance.now())) return
    this.#shared.metrics.messageReceived()
    try {
      this.#handler.receive(this, data, isBinary)
    } catch (error) {
      this.fail(error)
    }
  }

  /** A ping has arrived; ws has answered it. It counts as a message, because the answer costs as much. */
  pinged(): void {
    if (this.isOpen()) this.#admit(performance.now())
  }

  /** A pong has arrived: the peer lives. */
  ponged(): void {
    this.#lastSeenAtMs = performance.now()
  }

  /** Looks at the clocks of this connection. */
  tick(nowMs: number): void {
    if (!this.isOpen()) {
      this.#tickClosing(nowMs)
      return
    }
    const { idleTimeoutMs, pingIntervalMs } = this.#shared.limits
    if (nowMs - this.#lastSeenAtMs >= idleTimeoutMs) {
      this.close(ERROR_TABLE.DEADLINE_EXCEEDED.closeCode, 'connection_idle')
      return
    }
    // Any frame of the peer proves as much as a pong would, so a busy connection is not pinged.
    if (nowMs - Math.max(this.#lastSeenAtMs, this.#lastPingAtMs) >= pingIntervalMs) {
      this.#lastPingAtMs = nowMs
      this.#socket.ping()
    }
    this.#handler.tick(this, nowMs)
  }

  /** The socket is gone, with the code of the peer's close frame or 1006. The code that closed it. */
  closed(code: number): number {
    this.#release()
    const closeCode = this.#sentCloseCode ?? code
    this.#shared.metrics.connectionClosed(closeCode)
    return closeCode
  }

  #enqueue(message: string | Buffer, payloadBytes: number, binary: boolean): boolean {
    if (!this.isOpen()) return false
    const frameBytes = payloadBytes + headerBytes(payloadBytes)
    if (this.#socket.bufferedAmount + frameBytes > this.#shared.limits.queueBytesMax) {
      this.close(ERROR_TABLE.UNAVAILABLE.closeCode, 'slow_consumer')
      return false
    }
    this.#socket.send(message, { binary })
    this.#shared.metrics.messageSent()
    return true
  }

  /** A peer that closes, or breaks the protocol, gets as long for the rest as one that is closed. */
  #tickClosing(nowMs: number): void {
    this.#release()
    this.#closeDeadlineMs = Math.min(
      this.#closeDeadlineMs,
      nowMs + this.#shared.limits.closeTimeoutMs,
    )
    if (nowMs >= this.#closeDeadlineMs) this.#socket.terminate()
  }

  /** Takes one token of the bucket, which holds what the peer may send in one second. */
  #admit(nowMs: number): boolean {
    const perSecond = this.#shared.limits.messagesPerSecondMax
    const refill = ((nowMs - this.#allowanceAtMs) * perSecond) / SECOND_MS
    this.#allowance = Math.min(perSecond, this.#allowance + refill)
    this.#allowanceAtMs = nowMs
    this.#lastSeenAtMs = nowMs
    if (this.#allowance < 1) {
      this.close(ERROR_TABLE.RESOURCE_EXHAUSTED.closeCode, 'rate_limited')
      return false
    }
    this.#allowance -= 1
    return true
  }

  #release(): void {
    if (this.#released) return
    this.#released = true
    this.#handler.release(this)
  }

  #log(error: AppError): void {
    const level = ERROR_TABLE[error.code].logLevel
    const cause = error.cause === undefined ? {} : { err: error.cause }
    const fields = { connectionId: this.id, code: error.code, reason: error.reason, ...cause }
    this.#shared.logger[level](fields, 'socket connection failed')
  }
}

function headerBytes(payloadBytes: number): number {
  if (payloadBytes <= SHORT_PAYLOAD_BYTES_MAX) return SHORT_HEADER_BYTES
  return payloadBytes <= MEDIUM_PAYLOAD_BYTES_MAX ? MEDIUM_HEADER_BYTES : LONG_HEADER_BYTES
}

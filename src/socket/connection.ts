import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Logger } from '../domain/logger.js'
import { type AppError, toAppError } from '../errors/app-error.js'
import { ERROR_TABLE } from '../errors/code.js'
import type { DeliveryOutcome } from '../realtime/channels.js'
import {
  type ClientLine,
  type CloseCause,
  type CloseFrame,
  isDropped,
  type PreparedOptions,
} from './client-line.js'
import { closeReason } from './close-reason.js'
import { binaryFrame, textFrame } from './frame.js'
import { LatestSlots } from './latest-slots.js'
import { QueueBound } from './queue-bound.js'
import { RateBucket } from './rate-bucket.js'
import type { SocketMetrics } from './socket-metrics.js'
import type { WriteTurn } from './write-turn.js'

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
  /** The close frame for a cause, in the codes of this protocol. */
  closeFrame(cause: CloseCause): CloseFrame
  /** Whether the protocol itself finds out that a peer is dead; no pings are sent then. */
  readonly watchesLife?: boolean
  /** Once, the moment the connection begins to close or is found closed: give back what belongs to it. */
  release(connection: SocketConnection): void
}

/** What all connections of a service share, so that each holds one reference. */
export interface ConnectionShared {
  readonly limits: ConnectionLimits
  readonly metrics: SocketMetrics
  readonly logger: Logger
  readonly turn: WriteTurn
}

const OPEN = 1

/**
 * One WebSocket with its bounds. It owns no timer: whoever holds it calls `tick`. All instants are
 * monotonic milliseconds, so that a corrected system clock closes nobody.
 */
export class SocketConnection implements ClientLine {
  readonly id: string
  /** Where the peer is. */
  readonly address: string
  readonly #socket: WebSocket
  readonly #net: Socket
  readonly #handler: ConnectionHandler
  readonly #shared: ConnectionShared
  #lastSeenAtMs: number
  #lastPingAtMs: number
  readonly #bucket: RateBucket
  #closeDeadlineMs = Infinity
  #sentCloseCode: number | null = null
  #released = false
  #writtenInTurn = 0
  #latest: LatestSlots | null = null
  readonly #bound = new QueueBound()

  constructor(options: {
    id: string
    address: string
    socket: WebSocket
    /** What the WebSocket is on. */
    net: Socket
    handler: ConnectionHandler
    shared: ConnectionShared
    nowMs: number
  }) {
    this.id = options.id
    this.address = options.address
    this.#socket = options.socket
    this.#net = options.net
    this.#handler = options.handler
    this.#shared = options.shared
    this.#lastSeenAtMs = options.nowMs
    this.#lastPingAtMs = options.nowMs
    this.#bucket = new RateBucket(options.shared.limits.messagesPerSecondMax, options.nowMs)
  }

  /** False from the first moment of a close by either side. */
  isOpen(): boolean {
    return !this.#released && this.#socket.readyState === OPEN
  }

  get lastSeenAtMs(): number {
    return this.#lastSeenAtMs
  }

  send(message: string): boolean {
    return this.#enqueue(textFrame(message))
  }

  sendAnswer(message: string): boolean {
    return this.#enqueue(textFrame(message), true)
  }

  /** Like `send`, as a binary frame. */
  sendBinary(message: Buffer): boolean {
    return this.#enqueue(binaryFrame(message))
  }

  /** Writes a frame that was made once for many connections. */
  sendPrepared(frame: Uint8Array, { delivery, channel }: PreparedOptions): DeliveryOutcome {
    if (delivery !== 'all') {
      const { writableLength } = this.#net
      if (delivery === 'latest' && (writableLength > 0 || this.#latest?.isWaiting === true)) {
        return this.#keepLatest(channel, frame)
      }
      const { queueBytesMax } = this.#shared.limits
      if (isDropped(frame.length, writableLength, queueBytesMax)) return 'dropped'
    }
    // Who has read everything is not slow, however much is published at once.
    if (!this.#enqueue(frame, !this.isBehind())) return 'dropped'
    return this.isBehind() ? 'queued' : 'written'
  }

  isBehind(): boolean {
    return this.#net.writableLength > 0
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
    this.#closeFor(error)
  }

  /** Closes because this process ends. */
  sendAway(): void {
    this.#closeFor('shutdown')
  }

  /** Takes the socket away from a peer that no longer answers. */
  cut(): void {
    this.#socket.terminate()
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
    if (this.#handler.watchesLife !== true && !this.#watchLife(nowMs)) return
    this.#handler.tick(this, nowMs)
  }

  /** The WebSocket library has closed for a frame that breaks the rules, with this code. */
  refusedFrame(code: number): void {
    this.#sentCloseCode ??= code
  }

  /** The socket is gone, with the code of the peer's close frame or 1006. The code that closed it. */
  closed(code: number): number {
    this.#release()
    const closeCode = this.#sentCloseCode ?? code
    this.#shared.metrics.connectionClosed(closeCode)
    return closeCode
  }

  /** Pings a silent peer, and closes one that stays silent; false then. */
  #watchLife(nowMs: number): boolean {
    const { idleTimeoutMs, pingIntervalMs } = this.#shared.limits
    if (nowMs - this.#lastSeenAtMs >= idleTimeoutMs) {
      this.#closeFor('idle')
      return false
    }
    // Any frame of the peer proves as much as a pong would, so a busy connection is not pinged.
    if (nowMs - Math.max(this.#lastSeenAtMs, this.#lastPingAtMs) >= pingIntervalMs) {
      this.#lastPingAtMs = nowMs
      this.#socket.ping()
    }
    return true
  }

  /**
   * Writes past the WebSocket library, which would make two pieces of every frame. Without compression it holds nothing
   * back itself, so the order of what both write is the order of the calls.
   */
  #enqueue(frame: Uint8Array, mayExceed = false): boolean {
    if (!this.isOpen()) return false
    const { queueBytesMax } = this.#shared.limits
    const waitingBytes = this.#net.writableLength
    if (!this.#bound.admits(waitingBytes, frame.length, queueBytesMax, mayExceed)) {
      this.#shared.metrics.slowConsumer()
      this.#closeFor('slow')
      return false
    }
    // The first frame of a turn goes out at once; more of them share one write.
    const { turn } = this.#shared
    const current = turn.current()
    if (this.#writtenInTurn === current) turn.cork(this.#net)
    else this.#writtenInTurn = current
    this.#net.write(frame)
    this.#shared.metrics.messageSent()
    return true
  }

  #keepLatest(channel: string, frame: Uint8Array): DeliveryOutcome {
    if (!this.isOpen()) return 'dropped'
    this.#latest ??= new LatestSlots(this.#net, (bytes) => this.#enqueue(bytes))
    this.#latest.put(channel, frame)
    return 'queued'
  }

  #closeFor(cause: CloseCause): void {
    const { code, reason } = this.#handler.closeFrame(cause)
    this.close(code, reason)
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

  /** Whether the peer may send one more message now. */
  #admit(nowMs: number): boolean {
    this.#lastSeenAtMs = nowMs
    if (this.#bucket.take(this.#shared.limits.messagesPerSecondMax, nowMs)) return true
    this.#shared.metrics.rateLimited()
    this.#closeFor('rate_limited')
    return false
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

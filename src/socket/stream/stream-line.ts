import type { ServerResponse } from 'node:http'
import type { Logger } from '../../domain/logger.js'
import { toAppError } from '../../errors/app-error.js'
import { ERROR_TABLE } from '../../errors/code.js'
import type { DeliveryOutcome } from '../../realtime/channels.js'
import {
  type ClientLine,
  type CloseCause,
  isDropped,
  type PreparedOptions,
} from '../client-line.js'
import { LatestSlots } from '../latest-slots.js'
import { DISCONNECTS, disconnectOf } from '../protocols/centrifuge/code.js'
import { disconnectPush } from '../protocols/centrifuge/reply.js'
import { QueueBound } from '../queue-bound.js'
import { RateBucket } from '../rate-bucket.js'
import type { SocketMetrics } from '../socket-metrics.js'

/** How messages are written on a response. */
export interface StreamFormat {
  readonly contentType: string
  /** One message with what ends it. */
  wrap(message: string): string
}

export interface StreamLineDeps {
  readonly metrics: SocketMetrics
  readonly logger: Logger
}

export interface StreamLimits {
  /** Bytes that may wait for a client that does not read. */
  readonly queueBytesMax: number
  /** Messages that a client may send, per second and at once. */
  readonly messagesPerSecondMax: number
}

/** What a line does when a client has sent something, and when it is over. */
export interface StreamOwner {
  receive(data: string): void
  release(): void
}

/**
 * The line to a client that hears over a long HTTP response and sends by separate requests. It is told its disconnect as
 * a message, because a response has no close code.
 */
export class StreamLine implements ClientLine {
  readonly id: string
  readonly #response: ServerResponse
  readonly #format: StreamFormat
  readonly #deps: StreamLineDeps
  readonly #limits: StreamLimits
  readonly #bucket: RateBucket
  readonly #bound = new QueueBound()
  #owner: StreamOwner | null = null
  #isOpen = true
  #lastSeenAtMs = performance.now()
  #closeCode: number | null = null
  #latest: LatestSlots | null = null

  constructor(options: {
    id: string
    response: ServerResponse
    format: StreamFormat
    deps: StreamLineDeps
    limits: StreamLimits
  }) {
    this.id = options.id
    this.#response = options.response
    this.#format = options.format
    this.#deps = options.deps
    this.#limits = options.limits
    this.#bucket = new RateBucket(options.limits.messagesPerSecondMax, this.#lastSeenAtMs)
  }

  get lastSeenAtMs(): number {
    return this.#lastSeenAtMs
  }

  /** What the server closed with; null when the client went away by itself. */
  get closeCode(): number | null {
    return this.#closeCode
  }

  setOwner(owner: StreamOwner): void {
    this.#owner = owner
  }

  isOpen(): boolean {
    return this.#isOpen
  }

  isBehind(): boolean {
    return this.#response.writableLength > 0
  }

  /** What the client has sent. */
  receive(data: string): void {
    const nowMs = performance.now()
    if (!this.#isOpen) return
    this.#lastSeenAtMs = nowMs
    if (!this.#bucket.take(this.#limits.messagesPerSecondMax, nowMs)) {
      this.#deps.metrics.rateLimited()
      this.#closeFor('rate_limited')
      return
    }
    this.#deps.metrics.messageReceived()
    try {
      this.#owner?.receive(data)
    } catch (error) {
      this.fail(error)
    }
  }

  send(message: string): boolean {
    return this.#write(this.#format.wrap(message))
  }

  sendAnswer(message: string): boolean {
    return this.#write(this.#format.wrap(message), true)
  }

  sendPrepared(bytes: Uint8Array, { delivery, channel }: PreparedOptions): DeliveryOutcome {
    if (delivery !== 'all') {
      const { writableLength } = this.#response
      if (delivery === 'latest' && (writableLength > 0 || this.#latest?.isWaiting === true)) {
        return this.#keepLatest(channel, bytes)
      }
      if (isDropped(bytes.length, writableLength, this.#limits.queueBytesMax)) return 'dropped'
    }
    // Who has read everything is not slow, however much is published at once.
    if (!this.#write(bytes, !this.isBehind())) return 'dropped'
    return this.isBehind() ? 'queued' : 'written'
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.#closeCode = code
    this.#response.write(this.#format.wrap(disconnectPush({ code, reason })))
    this.#end()
  }

  fail(thrown: unknown): void {
    if (!this.#isOpen) return
    const { code, reason, cause } = toAppError(thrown)
    const fields = {
      connectionId: this.id,
      code,
      reason,
      ...(cause === undefined ? {} : { err: cause }),
    }
    this.#deps.logger[ERROR_TABLE[code].logLevel](fields, 'stream connection failed')
    this.#closeFor(toAppError(thrown))
  }

  sendAway(): void {
    this.#closeFor('shutdown')
  }

  /** The response is gone. */
  gone(): void {
    if (this.#isOpen) this.#end()
  }

  #keepLatest(channel: string, bytes: Uint8Array): DeliveryOutcome {
    if (!this.#isOpen) return 'dropped'
    this.#latest ??= new LatestSlots(this.#response, (newest) => this.#write(newest))
    this.#latest.put(channel, bytes)
    return 'queued'
  }

  #write(chunk: string | Uint8Array, mayExceed = false): boolean {
    if (!this.#isOpen) return false
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
    const { writableLength } = this.#response
    const { queueBytesMax } = this.#limits
    if (!this.#bound.admits(writableLength, bytes, queueBytesMax, mayExceed)) {
      this.#deps.metrics.slowConsumer()
      this.#closeCode = DISCONNECTS.slow.code
      // What waits is not read, so neither would the farewell be.
      this.#end()
      this.#response.destroy()
      return false
    }
    this.#response.write(chunk)
    this.#deps.metrics.messageSent()
    return true
  }

  #closeFor(cause: CloseCause): void {
    const { code, reason } = disconnectOf(cause)
    this.close(code, reason)
  }

  #end(): void {
    this.#isOpen = false
    this.#response.end()
    this.#owner?.release()
  }
}

import { type ServerInterceptingCallInterface, status } from '@grpc/grpc-js'
import { AppError, toAppError } from '../../errors/app-error.js'
import { TOO_LARGE_REASON } from '../../errors/code.js'
import type { UnaryCall as Call, UnaryMethod } from '../unary.js'
import { GuardedCall, type GuardDeps } from './guarded-call.js'

/** How a unary method is answered. */
export interface UnaryRoute {
  readonly method: UnaryMethod
  readonly serialize: (response: unknown) => Buffer
  /** Largest answer. */
  readonly messageBytesMax: number
}

const OK = { code: status.OK, details: 'OK', metadata: null }

/**
 * A call with one request and one answer, from its metadata to its end. The method is asked here and not by
 * grpc-js, which would make a writable stream for each call, and would wait for the answer to be written before
 * it sends the status.
 */
export class UnaryCall extends GuardedCall implements Call {
  readonly #route: UnaryRoute
  #request: unknown
  onCancelled: (() => void) | undefined

  constructor(
    path: string,
    call: ServerInterceptingCallInterface,
    deps: GuardDeps,
    route: UnaryRoute,
  ) {
    super(path, call, deps)
    this.#route = route
  }

  /** What grpc-js would do with the call is not asked for. */
  override start(): void {
    this.call.start(this)
  }

  override onReceiveMessage(message: unknown): void {
    if (this.cancelled) return
    if (this.received) {
      this.sendStatus(miscounted('more than one message'))
      return
    }
    this.received = true
    this.#request = message
    this.call.startRead()
  }

  override onReceiveHalfClose(): void {
    if (this.cancelled) return
    if (this.received) this.#route.method(this.#request, this)
    else this.sendStatus(miscounted('no message'))
  }

  override onCancel(): void {
    super.onCancel()
    this.onCancelled?.()
  }

  answer(response: unknown): void {
    let bytes: Buffer
    try {
      bytes = this.#route.serialize(response)
    } catch (thrown) {
      this.fail(toAppError(thrown))
      return
    }
    if (bytes.length > this.#route.messageBytesMax) {
      this.fail(answerTooLarge(bytes.length, this.#route.messageBytesMax))
      return
    }
    this.call.sendMessage(bytes, onWritten)
    this.sendStatus(OK)
  }

  protected override begin(): undefined {
    this.call.startRead()
  }
}

/** An answer that cannot be written is over with its connection, which grpc-js reports by itself. */
function onWritten(): void {
  return
}

function miscounted(what: string) {
  const details = `The request of a unary call is one message; this one has ${what}.`
  return { code: status.UNIMPLEMENTED, details, metadata: null }
}

function answerTooLarge(bytes: number, bytesMax: number): AppError {
  const message = `Sent message larger than max (${bytes} vs. ${bytesMax}).`
  return new AppError('RESOURCE_EXHAUSTED', TOO_LARGE_REASON, message)
}

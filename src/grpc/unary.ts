import type { handleUnaryCall, sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js'
import { AppError, toAppError } from '../errors/app-error.js'
import { type CallRecord, callRecordOf } from './call-record.js'
import type { Caller } from './caller.js'
import { assertDecoded } from './message.js'
import { toFailureStatus } from './server-status.js'

export interface CallContext {
  readonly requestId: string
  readonly caller: Caller
  /**
   * Aborted when nobody waits for the answer any more: the peer cancelled, its connection broke, its
   * deadline or our time limit passed, or the server was forced to stop. Made only when asked for.
   */
  readonly signal: AbortSignal
}

/** One unary method: the answer, or a thrown AppError. Anything else thrown becomes INTERNAL. */
export type UnaryHandler<Request, Response> = (
  request: Request,
  context: CallContext,
) => Response | Promise<Response>

/** Makes a handler of grpc-js from an ordinary function. `timeoutMs` bounds the handling of one call. */
export function unary<Request, Response>(
  handler: UnaryHandler<Request, Response>,
  options: { timeoutMs: number },
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const running = new RunningCall(call, callback)
    try {
      assertDecoded(call.request)
      const response = handler(call.request, running)
      // Every turn of the microtask queue costs a small percentage of a call: a ready answer takes none.
      if (response instanceof Promise) running.await(response, options.timeoutMs)
      else running.answer(response)
    } catch (thrown) {
      running.fail(thrown)
    }
  }
}

/** A unary call from its request to its one answer; what comes after the answer is dropped. */
class RunningCall<Request, Response> implements CallContext {
  readonly #call: ServerUnaryCall<Request, Response>
  readonly #callback: sendUnaryData<Response>
  readonly #record: CallRecord
  #answered = false
  #timedOut = false
  #timer: NodeJS.Timeout | undefined
  /** An AbortSignal costs more than a whole greeting, so it is made when a handler first reads it. */
  #controller: AbortController | undefined

  constructor(call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) {
    this.#call = call
    this.#callback = callback
    this.#record = callRecordOf(call.metadata)
  }

  get requestId(): string {
    return this.#record.requestId
  }

  get caller(): Caller {
    return this.#record.caller
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal
    const controller = new AbortController()
    this.#controller = controller
    if (this.#timedOut || this.#call.cancelled) controller.abort()
    else {
      this.#call.once('cancelled', () => {
        controller.abort()
      })
    }
    return controller.signal
  }

  await(response: Promise<Response>, timeoutMs: number): void {
    // Without a reference: the limit of a call that was cut off must not keep the process alive.
    this.#timer = setTimeout(onTimeout, timeoutMs, this).unref()
    response.then(
      (value) => {
        this.answer(value)
      },
      (thrown: unknown) => {
        this.fail(thrown)
      },
    )
  }

  answer(response: Response): void {
    if (!this.#finish()) return
    this.#callback(null, response)
  }

  fail(thrown: unknown): void {
    if (!this.#finish()) return
    this.#record.error = toAppError(thrown)
    this.#callback(toFailureStatus(this.#record.error, this.#record.requestId))
  }

  timeOut(): void {
    this.#timedOut = true
    this.fail(new AppError('DEADLINE_EXCEEDED', 'call_timeout', 'The call took too long.'))
    this.#controller?.abort()
  }

  #finish(): boolean {
    if (this.#answered) return false
    this.#answered = true
    clearTimeout(this.#timer)
    return true
  }
}

function onTimeout(call: { timeOut(): void }): void {
  call.timeOut()
}

import { AppError, toAppError } from '../errors/app-error.js'
import type { CallRecord } from './call-record.js'
import type { Caller } from './caller.js'
import { assertDecoded } from './message.js'
import { createTimeLimit, type TimeLimit } from './time-limit.js'

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

/** One unary call as its method has it: whose it is, and where its one answer goes. */
export interface UnaryCall {
  readonly record: CallRecord
  /** Whether nobody waits for the answer any more. */
  readonly cancelled: boolean
  /** Called when that comes to be. */
  onCancelled: (() => void) | undefined
  answer(response: unknown): void
  fail(error: AppError): void
}

/** Sees to it that a call is answered, now or later, once. Never throws. */
export type UnaryMethod = (request: unknown, call: UnaryCall) => void

/** Makes a method of an ordinary function. `timeoutMs` bounds the handling of one call. */
export function unary<Request, Response>(
  handler: UnaryHandler<Request, Response>,
  options: { timeoutMs: number },
): UnaryMethod {
  const limit = createTimeLimit(options)
  return (request, call) => {
    const running = new RunningCall(call, limit)
    try {
      assertDecoded(request)
      const response = handler(request as Request, running)
      // Every turn of the microtask queue costs a small percentage of a call: a ready answer takes none.
      if (response instanceof Promise) running.await(response)
      else running.answer(response)
    } catch (thrown) {
      running.fail(thrown)
    }
  }
}

/** A unary call from its request to its one answer; what comes after the answer is dropped. */
class RunningCall implements CallContext {
  readonly #call: UnaryCall
  readonly #limit: TimeLimit
  #answered = false
  #timedOut = false
  #isLimited = false
  /** An AbortSignal costs more than a whole greeting, so it is made when a handler first reads it. */
  #controller: AbortController | undefined

  constructor(call: UnaryCall, limit: TimeLimit) {
    this.#call = call
    this.#limit = limit
  }

  get requestId(): string {
    return this.#call.record.requestId
  }

  get caller(): Caller {
    return this.#call.record.caller
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal
    const controller = new AbortController()
    this.#controller = controller
    if (this.#timedOut || this.#call.cancelled) controller.abort()
    else {
      this.#call.onCancelled = () => {
        controller.abort()
      }
    }
    return controller.signal
  }

  await(response: Promise<unknown>): void {
    this.#isLimited = true
    this.#limit.begin(this)
    response.then(
      (value) => {
        this.answer(value)
      },
      (thrown: unknown) => {
        this.fail(thrown)
      },
    )
  }

  answer(response: unknown): void {
    if (this.#finish()) this.#call.answer(response)
  }

  fail(thrown: unknown): void {
    if (this.#finish()) this.#call.fail(toAppError(thrown))
  }

  timeOut(): void {
    this.#timedOut = true
    this.fail(new AppError('DEADLINE_EXCEEDED', 'call_timeout', 'The call took too long.'))
    this.#controller?.abort()
  }

  #finish(): boolean {
    if (this.#answered) return false
    this.#answered = true
    if (this.#isLimited) this.#limit.end(this)
    return true
  }
}

import type { Writable } from 'node:stream'
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  Metadata,
  ServerDuplexStream,
} from '@grpc/grpc-js'
import { AppError, toAppError } from '../errors/app-error.js'
import { type CallRecord, callRecordOf } from './call-record.js'
import type { Caller } from './caller.js'
import { assertDecoded } from './message.js'
import { toFailureStatus } from './server-status.js'

export interface StreamContext {
  readonly requestId: string
  readonly caller: Caller
  /**
   * Aborted when the stream must end: the peer left, the server moves its peers elsewhere, or the session of
   * the caller is over. The reason is the AppError with which the stream ends.
   */
  readonly signal: AbortSignal
}

/** One server-streaming method: messages as they come, or a thrown AppError. */
export type ServerStreamHandler<Request, Response> = (
  request: Request,
  context: StreamContext,
) => AsyncIterable<Response>

/** One method with a stream in both directions. */
export type DuplexHandler<Request, Response> = (
  requests: AsyncIterable<Request>,
  context: StreamContext,
) => AsyncIterable<Response>

export interface StreamOptions {
  /** Aborted with the error that all streams end with when the server closes. */
  readonly closing: AbortSignal
  /** How long a peer may take to accept one message, in milliseconds. */
  readonly lagTimeoutMs: number
  /**
   * Binds a stream to what its caller's right depends on; `end` is called when that is gone. Resolves with
   * the way to let go, raises why the stream may not begin.
   */
  readonly bind: (caller: Caller, end: (error: AppError) => void) => Promise<() => void>
}

/** Makes a handler of grpc-js from a function that yields messages. */
export function serverStream<Request, Response>(
  handler: ServerStreamHandler<Request, Response>,
  options: StreamOptions,
): handleServerStreamingCall<Request, Response> {
  return (call) =>
    void run(call, options, (context) => {
      assertDecoded(call.request)
      return handler(call.request, context)
    })
}

/** The same with a stream of requests, which are read one at a time, as the answers are taken. */
export function duplex<Request, Response>(
  handler: DuplexHandler<Request, Response>,
  options: StreamOptions,
): handleBidiStreamingCall<Request, Response> {
  return (call) => void run(call, options, (context) => handler(decoded(call), context))
}

async function* decoded<Request, Response>(
  call: ServerDuplexStream<Request, Response>,
): AsyncGenerator<Request> {
  // The other half of the stream is still needed when the last request has been read.
  const requests = call.iterator({ destroyOnReturn: false }) as AsyncIterable<Request>
  for await (const request of requests) {
    assertDecoded(request)
    yield request
  }
}

/** What both kinds of streams have. */
type ServerStream = Pick<Writable, 'write' | 'end' | 'emit' | 'once'> & {
  readonly metadata: Metadata
}

async function run<Response>(
  call: ServerStream,
  options: StreamOptions,
  respond: (context: StreamContext) => AsyncIterable<Response>,
): Promise<void> {
  const record = callRecordOf(call.metadata)
  const leaving = new AbortController()
  call.once('cancelled', () => {
    leaving.abort(new AppError('CANCELLED', 'cancelled', 'The call was cancelled.'))
  })
  const signal = AbortSignal.any([leaving.signal, options.closing])
  let release: (() => void) | undefined
  try {
    release = await options.bind(record.caller, (error) => {
      leaving.abort(error)
    })
    const { requestId, caller } = record
    const responses = respond({ requestId, caller, signal })[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await unlessAborted(responses.next(), signal)
        if (next.done) break
        await write(call, next.value, signal, options.lagTimeoutMs)
      }
    } finally {
      // Not waited for: a handler that waits for its peer learns of the end when the call is gone.
      responses.return?.().catch(() => undefined)
    }
    call.end()
  } catch (thrown) {
    fail(call, record, toAppError(signal.aborted ? signal.reason : thrown))
  } finally {
    release?.()
  }
}

function fail(call: ServerStream, record: CallRecord, error: AppError): void {
  record.error = error
  call.emit('error', toFailureStatus(error, record.requestId))
}

/** The promise, unless the signal comes first: then its reason is raised. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(toAppError(signal.reason))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Resolves when the transport has taken the message: whoever does not read holds up only themselves. */
function write<Response>(
  call: ServerStream,
  message: Response,
  signal: AbortSignal,
  lagTimeoutMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      if (error) reject(error)
      else resolve()
    }
    const onAbort = (): void => settle(toAppError(signal.reason))
    const timer = setTimeout(() => settle(consumerLagging()), lagTimeoutMs).unref()
    signal.addEventListener('abort', onAbort)
    call.write(message, settle)
  })
}

function consumerLagging(): AppError {
  const message = 'The messages were not taken in time; resume after the last one received.'
  return new AppError('ABORTED', 'consumer_lagging', message)
}

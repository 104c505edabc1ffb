import t from 'tap'
import { AppError, INTERNAL_MESSAGE, invalidArgument } from '../../src/errors/app-error.js'
import { createCallRecord } from '../../src/grpc/call-record.js'
import { withTolerantMessages } from '../../src/grpc/message.js'
import { loadProtos } from '../../src/grpc/proto.js'
import { type CallContext, unary, type UnaryHandler } from '../../src/grpc/unary.js'
import { waitFor } from '../helpers/wait-for.js'

const LONG_MS = 60_000

/** Runs one call and collects its answers. */
function run(handler: UnaryHandler<unknown, unknown>, timeoutMs = LONG_MS, request: unknown = {}) {
  const record = createCallRecord()
  const answers: { error: AppError | null; response: unknown }[] = []
  const call = {
    record,
    cancelled: false,
    onCancelled: undefined as (() => void) | undefined,
    answer: (response: unknown) => void answers.push({ error: null, response }),
    fail: (error: AppError) => void answers.push({ error, response: undefined }),
  }
  const method = unary(handler, { timeoutMs })
  const start = (): void => {
    method(request, call)
  }
  const cancel = (): void => {
    call.cancelled = true
    call.onCancelled?.()
  }
  return { record, answers, start, cancel }
}

await t.test('unary answers at once when the handler does', async (t) => {
  const { answers, start } = run((request) => request, LONG_MS, { id: 1 })
  start()
  t.strictSame(answers, [{ error: null, response: { id: 1 } }])
})

await t.test('unary answers what the handler promises, with its request id', async (t) => {
  const ids: string[] = []
  const { answers, record, start } = run(async (_request, context) => {
    ids.push(context.requestId)
    return 'later'
  })
  start()
  await waitFor('the answer', () => answers.length === 1)
  t.strictSame(answers, [{ error: null, response: 'later' }])
  t.strictSame(ids, [record.requestId])
})

await t.test('unary fails a call with the AppError, thrown or rejected', async (t) => {
  const error = invalidArgument('Not like this.')
  const handlers: UnaryHandler<unknown, unknown>[] = [
    () => {
      throw error
    },
    () => Promise.reject(error),
  ]
  for (const handler of handlers) {
    const { answers, start } = run(handler)
    start()
    await waitFor('the failure', () => answers.length === 1)
    t.equal(answers[0]?.error, error)
  }
})

await t.test('unary hides an unknown error and keeps its cause for the log', async (t) => {
  const cause = new Error('select * from users')
  const { answers, start } = run(() => Promise.reject(cause))
  start()
  await waitFor('the failure', () => answers.length === 1)
  t.match(answers[0]?.error, { code: 'INTERNAL', reason: 'internal', message: INTERNAL_MESSAGE })
  t.equal(answers[0]?.error?.cause, cause)
})

await t.test('unary refuses a request that could not be decoded', async (t) => {
  const malformed: unknown = withTolerantMessages(loadProtos().hello).SayHello?.requestDeserialize(
    Buffer.from([0xff]),
  )
  let called = false
  const { answers, start } = run(
    () => {
      called = true
    },
    LONG_MS,
    malformed,
  )
  start()
  t.match(answers[0]?.error, { code: 'INVALID_ARGUMENT', reason: 'message_malformed' })
  t.equal(called, false)
})

await t.test('unary ends a call that takes too long and drops its late answer', async (t) => {
  let answerLate: (value: string) => void = () => undefined
  let context: CallContext | undefined
  const { answers, start } = run((_request, given) => {
    context = given
    t.equal(given.signal.aborted, false)
    return new Promise((resolve) => {
      answerLate = resolve
    })
  }, 5)
  // The limit holds no process alive, so the test must.
  const alive = setInterval(() => undefined, 1_000)
  t.teardown(() => {
    clearInterval(alive)
  })
  start()
  await waitFor('the time limit', () => answers.length === 1)
  t.match(answers[0]?.error, {
    ...{ code: 'DEADLINE_EXCEEDED', reason: 'call_timeout' },
    message: 'The call took too long.',
  })
  t.equal(context?.signal.aborted, true)
  answerLate('too late')
  await new Promise(setImmediate)
  t.equal(answers.length, 1)
})

await t.test('unary signal made after the time limit is aborted', async (t) => {
  let context: CallContext | undefined
  const { answers, start } = run((_request, given) => {
    context = given
    return new Promise(() => undefined)
  }, 1)
  start()
  await waitFor('the time limit', () => answers.length === 1)
  t.equal(context?.signal.aborted, true)
})

await t.test('unary signal follows the cancellation of the peer', async (t) => {
  const signals: AbortSignal[] = []
  const { answers, start, cancel } = run(
    (_request, context) =>
      new Promise((_resolve, reject) => {
        signals.push(context.signal, context.signal)
        context.signal.addEventListener('abort', () => {
          reject(new AppError('CANCELLED', 'cancelled', 'Nobody waits.'))
        })
      }),
  )
  start()
  t.equal(signals[0], signals[1], 'one signal a call')
  t.equal(signals[0]?.aborted, false)
  cancel()
  t.equal(signals[0]?.aborted, true)
  await waitFor('the handler gave up', () => answers.length === 1)
  t.match(answers[0]?.error, { code: 'CANCELLED' })
})

await t.test('unary signal of a call that is already cancelled is aborted', async (t) => {
  const { answers, start, cancel } = run((_request, context) => context.signal.aborted)
  cancel()
  start()
  t.equal(answers[0]?.response, true)
})

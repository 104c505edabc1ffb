import { Registry } from 'prom-client'
import t from 'tap'
import { AppError, toAppError } from '../../src/errors/app-error.js'
import type { FinishedCall } from '../../src/grpc/interceptor/guarded-call.js'
import { ANYBODY } from '../../src/grpc/caller.js'
import { createObserver } from '../../src/grpc/observer.js'
import { createMemoryLogger, type LogLine } from '../helpers/memory-logger.js'

function observe(call: Partial<FinishedCall>, error: AppError | null = null): LogLine | undefined {
  const logger = createMemoryLogger()
  createObserver({ logger })({
    path: '/hello.HelloService/SayHello',
    status: 0,
    latencyMs: 1.23456,
    peer: '127.0.0.1:5',
    record: { requestId: 'request-1', caller: ANYBODY, error },
    received: true,
    ...call,
  })
  t.equal(logger.lines.length, 1)
  return logger.lines[0]
}

await t.test('observer writes one line for a call that went well', async (t) => {
  t.strictSame(observe({}), {
    level: 'info',
    message: 'gRPC call',
    fields: {
      operation: 'hello.HelloService/SayHello',
      status: 'OK',
      latencyMs: 1.235,
      peer: '127.0.0.1:5',
      requestId: 'request-1',
    },
  })
})

await t.test('observer keeps probes below the ordinary log', async (t) => {
  t.equal(observe({ path: '/grpc.health.v1.Health/Check' })?.level, 'debug')
  const failed = observe({ path: '/grpc.health.v1.Health/Check', status: 14 })
  t.equal(failed?.level, 'error')
})

await t.test('observer takes level and reason from the failure', async (t) => {
  const refused = new AppError('UNAUTHENTICATED', 'api_key_invalid', 'No.')
  const line = observe({ status: 16 }, refused)
  t.equal(line?.level, 'info')
  t.match(line?.fields, { status: 'UNAUTHENTICATED', reason: 'api_key_invalid' })
  t.notOk(line && 'err' in line.fields)
})

await t.test('observer logs the cause of what the peer is not told', async (t) => {
  const cause = new Error('disk on fire')
  const line = observe({ status: 13 }, toAppError(cause))
  t.equal(line?.level, 'error')
  t.match(line?.fields, { status: 'INTERNAL', reason: 'internal' })
  t.equal(line?.fields.err, cause)
})

await t.test('observer says what it can of a call that grpc-js ended', async (t) => {
  t.match(observe({ status: 1 }), { level: 'debug', fields: { reason: 'cancelled' } })
  t.match(observe({ status: 1, received: false }), { fields: { reason: 'request_incomplete' } })
  t.match(observe({ status: 4 }), { level: 'warn', fields: { reason: 'deadline_exceeded' } })
  t.match(observe({ status: 12 }), { level: 'warn', fields: { reason: 'request_invalid' } })
  t.match(observe({ status: 2 }), { level: 'error', fields: { status: 'UNKNOWN' } })
  t.match(observe({ status: 99 }), { level: 'error', fields: { status: 'UNKNOWN' } })
})

await t.test('observer counts the call when there is a registry', async (t) => {
  const registry = new Registry()
  const observeCall = createObserver({ logger: createMemoryLogger(), registry })
  observeCall({
    path: '/hello.HelloService/SayHello',
    status: 5,
    latencyMs: 1,
    peer: 'unknown',
    record: { requestId: 'r', caller: ANYBODY, error: null },
    received: true,
  })
  t.match(await registry.metrics(), 'grpc_code="NOT_FOUND"} 1')
})

await t.test('observer says who called', async (t) => {
  const caller = { kind: 'service', name: 'billing' } as const
  const line = observe({ record: { requestId: 'request-1', caller, error: null } })
  t.equal(line?.fields.caller, 'service:billing')
})

import { GraphQLError } from 'graphql'
import t from 'tap'
import { AppError, INTERNAL_MESSAGE } from '../../../src/errors/app-error.js'
import type { Operation } from '../../../src/http/graphql/document-cache.js'
import {
  chain,
  logOperation,
  type Middleware,
  recover,
  toOperationResult,
  transact,
} from '../../../src/http/graphql/middleware.js'
import type { OperationContext } from '../../../src/http/graphql/operation-context.js'
import { readSchema } from '../../../src/http/graphql/schema.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { createMemoryTransactionRunner } from '../../helpers/memory-transaction-runner.js'

const OPERATION = { name: 'Who', type: 'query' } as Operation
const CONTEXT = {
  requestId: 'r1',
  caller: () => ({ principal: null, failure: null }),
} as OperationContext

await t.test('the steps run from the outside in, and back', async (t) => {
  const log: string[] = []
  const step =
    (name: string): Middleware =>
    async (_operation, _context, next) => {
      log.push(`${name} in`)
      const result = await next()
      log.push(`${name} out`)
      return result
    }
  const run = chain([step('a'), step('b')], async () => {
    log.push('last')
    return { data: { x: 1 } }
  })
  t.strictSame(await run(OPERATION, CONTEXT), { data: { x: 1 } })
  t.strictSame(log, ['a in', 'b in', 'last', 'b out', 'a out'])
})

await t.test('a step that does not go on answers in its place', async (t) => {
  const stop: Middleware = async () => ({ data: null })
  const run = chain([stop], () => Promise.reject(new Error('never asked')))
  t.strictSame(await run(OPERATION, CONTEXT), { data: null })
})

await t.test('whatever is thrown is masked and goes to the log with its cause', async (t) => {
  const logger = createMemoryLogger()
  const cause = new Error('select password from users')
  const run = chain([logOperation(logger), recover], () => Promise.reject(cause))
  const result = await run(OPERATION, CONTEXT)
  t.strictSame(result, {
    data: null,
    errors: [
      {
        message: INTERNAL_MESSAGE,
        extensions: { code: 'INTERNAL_SERVER_ERROR', reason: 'internal', requestId: 'r1' },
      },
    ],
  })
  t.match(logger.lines, [
    {
      level: 'error',
      message: 'graphql',
      fields: {
        operation: 'Who',
        type: 'query',
        requestId: 'r1',
        reasons: ['internal'],
        err: cause,
      },
    },
  ])
})

await t.test('the log line has the level of the worst failure and names no argument', async (t) => {
  const logger = createMemoryLogger()
  const refused = new AppError('RESOURCE_EXHAUSTED', 'hashing_busy', 'Busy.')
  const missing = new AppError('NOT_FOUND', 'user_not_found', 'Nobody.')
  const run = (failures: AppError[]) =>
    chain([logOperation(logger)], async () => ({ data: {}, failures }))(OPERATION, CONTEXT)
  t.strictSame(await run([missing, refused, missing]), { data: {} }, 'the causes go no further')
  await run([])
  t.strictSame(
    logger.lines.map(({ level }) => level),
    ['warn', 'info'],
  )
  t.strictSame(logger.lines[0]?.fields['reasons'], ['user_not_found', 'hashing_busy'])
  t.equal(logger.lines[1]?.fields['reasons'], undefined)
})

await t.test('what an operation came in may tell of its end in its stead', async (t) => {
  const logger = createMemoryLogger()
  const cause = new Error('disk')
  const fault = new AppError('UNAVAILABLE', 'store_unavailable', 'Try again.', { cause })
  const missing = new AppError('NOT_FOUND', 'user_not_found', 'Nobody.')
  const told: unknown[] = []
  const run = (isTaken: boolean, failures?: AppError[]) => {
    const report = (line: unknown) => {
      told.push(line)
      return isTaken
    }
    const context = { ...CONTEXT, report } as OperationContext
    const last = async () => ({ data: {}, ...(failures && { failures }) })
    return chain([logOperation(logger)], last)({ ...OPERATION, name: null }, context)
  }
  t.strictSame(await run(true), { data: {} })
  t.strictSame(await run(true, [missing, fault]), { data: {} })
  t.strictSame(told, [
    { level: 'info', name: 'anonymous', type: 'query', reasons: null, cause: undefined },
    {
      ...{ level: 'error', name: 'anonymous', type: 'query', cause },
      reasons: ['user_not_found', 'store_unavailable'],
    },
  ])
  t.strictSame(logger.lines, [])
  await run(false, [missing])
  t.match(logger.lines, [{ level: 'info', fields: { reasons: ['user_not_found'] } }])
})

await t.test('only mutations are done before the answer', async (t) => {
  const transactions = createMemoryTransactionRunner()
  const schema = await readSchema()
  const step = transact({ schema, handlers: {}, guards: new Map(), transactions })
  const before = new Map()
  const context = { ...CONTEXT, outcomes: before } as OperationContext
  await step(OPERATION, context, async () => ({ data: {} }))
  t.equal(context.outcomes, before)
  t.strictSame(transactions.outcomes, [])
})

await t.test('results of the executor leave without their causes', async (t) => {
  t.strictSame(toOperationResult({ data: { a: 1 }, errors: undefined }, 'r1'), { data: { a: 1 } })
  const own = new AppError('NOT_FOUND', 'user_not_found', 'There is no such user.')
  const error = new GraphQLError('x', { path: ['user'], originalError: own })
  t.match(toOperationResult({ data: { user: null }, errors: [error] }, 'r1'), {
    data: { user: null },
    errors: [{ message: 'There is no such user.', extensions: { code: 'NOT_FOUND' } }],
    failures: [own],
  })
  const variables = new GraphQLError('Variable "$a" got invalid value "hunter2"; nope')
  const refused = toOperationResult({ errors: [variables] }, 'r1')
  t.match(refused.errors, [{ extensions: { reason: 'variables_invalid' } }])
  t.notOk('data' in refused)
  t.notMatch(JSON.stringify(refused), /hunter2/)
  const bug = toOperationResult({ errors: [new GraphQLError('inside')] }, 'r1')
  t.match(bug.errors, [{ message: INTERNAL_MESSAGE }])
})

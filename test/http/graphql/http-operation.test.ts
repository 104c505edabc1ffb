import t from 'tap'
import type { GraphqlEngine } from '../../../src/http/graphql/engine.js'
import { runHttpBatch, runHttpOperation } from '../../../src/http/graphql/http-operation.js'
import type { OperationContext } from '../../../src/http/graphql/operation-context.js'

const CONTEXT = { requestId: 'r1' } as OperationContext
const ran: string[] = []
const engine = {
  prepare: ({ query }: { query: string }) => ({ ok: true, operation: { type: query, name: null } }),
  run: async ({ type }: { type: string }) => {
    ran.push(type)
    return { data: { type } }
  },
} as unknown as GraphqlEngine
const request = (query: string) => ({ query, operationName: null, variables: {} })

await t.test('a POST runs queries and mutations, a GET queries', async (t) => {
  const run = (query: string, method: string) =>
    runHttpOperation(engine, CONTEXT, request(query), method)
  t.match(await run('query', 'GET'), { result: { data: { type: 'query' } }, isRefusal: false })
  t.match(await run('mutation', 'POST'), { result: { data: { type: 'mutation' } } })
  t.match(await run('mutation', 'GET'), {
    result: { errors: [{ extensions: { reason: 'method_not_allowed' } }] },
    ...{ isRefusal: true, status: 405 },
  })
  for (const method of ['GET', 'POST']) {
    t.match(await run('subscription', method), {
      result: { errors: [{ extensions: { reason: 'subscription_not_supported' } }] },
      isRefusal: true,
    })
  }
  t.strictSame(ran, ['query', 'mutation'])
})

await t.test('a list runs one after the other, each with a context of its own', async (t) => {
  ran.length = 0
  let contexts = 0
  const results = await runHttpBatch(
    engine,
    () => {
      contexts += 1
      return CONTEXT
    },
    ['query', 'mutation', 'query'].map(request),
  )
  t.equal(contexts, 3)
  t.strictSame(ran, ['query', 'query'])
  t.match(results, [
    { data: {} },
    { errors: [{ extensions: { reason: 'batch_mutation' } }] },
    { data: {} },
  ])
})

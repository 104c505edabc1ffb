import t from 'tap'
import {
  createDocumentCache,
  type DocumentLimits,
} from '../../../src/http/graphql/document-cache.js'
import { readSchema } from '../../../src/http/graphql/schema.js'

const LIMITS: DocumentLimits = {
  depthMax: 4,
  aliasesMax: 3,
  costMax: 100,
  tokensMax: 200,
  introspection: true,
}
const schema = await readSchema()

function prepare(
  query: string,
  more: { operationName?: string; variables?: Record<string, unknown> } = {},
  limits: Partial<DocumentLimits> = {},
) {
  const cache = createDocumentCache(schema, { ...LIMITS, ...limits })
  return cache.prepare({
    query,
    operationName: more.operationName ?? null,
    variables: more.variables ?? {},
  })
}

function reasonOf(result: ReturnType<typeof prepare>): string | null {
  return result.ok ? null : (result.refusals[0]?.error.reason ?? '')
}

await t.test('an operation within its bounds is ready to run', async (t) => {
  const result = prepare('query Who { auth { authorized } }')
  t.match(result, { ok: true, operation: { type: 'query', name: 'Who', variables: {} } })
  t.match(prepare('subscription { auth { authorized } }'), { operation: { type: 'subscription' } })
})

await t.test('what is wrong with a text is said by a reason', async (t) => {
  for (const [query, reason] of [
    ['{', 'query_malformed'],
    ['{"kind":"Document","definitions":[]}', 'query_malformed'],
    ['{ nope }', 'query_invalid'],
    ['{ auth }', 'query_invalid'],
    ['query A { auth { authorized } } query B { auth { authorized } }', 'operation_unknown'],
    [
      '{ sessions { id } user { sessions { id connections } } ' +
        'auth { method } '.repeat(100) +
        '}',
      'query_too_long',
    ],
    ['{ users { edges { node { sessions { id } } } } }', 'query_too_deep'],
    ['{ a: auth { m: method } b: auth { n: method } }', 'query_too_many_aliases'],
    ['{ users(first: 100) { edges { cursor } } }', 'query_too_costly'],
    ['subscription { auth { authorized } user { id } }', 'query_invalid'],
    ['{ ...a } fragment a on Query { ...a }', 'query_invalid'],
  ] as const) {
    t.equal(reasonOf(prepare(query)), reason, query.slice(0, 60))
  }
})

await t.test('the cost depends on the variables', async (t) => {
  const query = 'query($n: Int) { users(first: $n) { edges { cursor } } }'
  t.equal(reasonOf(prepare(query, { variables: { n: 10 } })), null)
  t.equal(reasonOf(prepare(query, { variables: { n: 200 } })), 'query_too_costly')
})

await t.test('introspection and suggestions are given or not', async (t) => {
  const query = '{ __schema { types { name } } }'
  t.equal(reasonOf(prepare(query)), null)
  t.equal(reasonOf(prepare(query, {}, { introspection: false })), 'query_invalid')
  const message = (introspection: boolean) => {
    const result = prepare('{ usr { id } }', {}, { introspection })
    return result.ok ? '' : result.refusals[0]?.error.message
  }
  t.match(message(true), /Did you mean/)
  t.notMatch(message(false), /Did you mean|user/)
})

await t.test('of several operations the named one runs, under a source of its own', async (t) => {
  const query = 'query A { auth { method } } mutation B { logout { ended } }'
  const a = prepare(query, { operationName: 'A' })
  const b = prepare(query, { operationName: 'B' })
  if (!a.ok || !b.ok) throw new Error('both are fine')
  t.strictSame([a.operation.type, b.operation.type], ['query', 'mutation'])
  t.not(a.operation.source, b.operation.source)
  t.equal(reasonOf(prepare(query, { operationName: 'C' })), 'operation_unknown')
})

await t.test('what is remembered is bounded', async (t) => {
  const cache = createDocumentCache(schema, LIMITS)
  const ask = (query: string) => cache.prepare({ query, operationName: null, variables: {} })
  const first = ask('{ auth { method } }')
  const again = ask('{ auth { method } }')
  if (!first.ok || !again.ok) throw new Error('both are fine')
  t.equal(first.operation.document, again.operation.document)
  for (let i = 0; i < 300; i += 1) ask(`query Q${i} { auth { method } }`)
  const later = ask('{ auth { method } }')
  if (!later.ok) throw new Error('fine as before')
  t.not(later.operation.document, first.operation.document)
  const long = `{ auth { method } } #${' '.repeat(20_000)}`
  const one = ask(long)
  const two = ask(long)
  if (!one.ok || !two.ok) throw new Error('fine, too')
  t.not(one.operation.document, two.operation.document, 'a long text is not kept')
})

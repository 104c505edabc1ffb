import t from 'tap'
import { readParams, readUrlParams } from '../../../src/http/graphql/request-params.js'

await t.test('readParams takes the parameters of the specification', async (t) => {
  t.strictSame(readParams({ query: '{a}' }), { query: '{a}', operationName: null, variables: {} })
  const full = { query: '{a}', operationName: 'A', variables: { a: 1 }, extensions: { b: 2 } }
  t.strictSame(readParams(full), { query: '{a}', operationName: 'A', variables: { a: 1 } })
  const nulls = { query: '{a}', operationName: null, variables: null, extensions: null }
  t.strictSame(readParams(nulls).variables, {})
  t.equal(readParams({ query: '{a}', operationName: '' }).operationName, null)
})

await t.test('readParams names what is wrong', async (t) => {
  for (const [value, path] of [
    [{}, 'query'],
    [{ query: '' }, 'query'],
    [{ query: 1 }, 'query'],
    [{ query: '{a}', operationName: 1 }, 'operationName'],
    [{ query: '{a}', variables: [] }, 'variables'],
    [{ query: '{a}', variables: 'x' }, 'variables'],
    [{ query: '{a}', extensions: 1 }, 'extensions'],
  ] as const) {
    t.throws(() => readParams(value), { code: 'INVALID_ARGUMENT', details: [{ path }] }, path)
  }
  for (const value of [undefined, null, 'text', 1, []]) {
    t.throws(() => readParams(value), { message: 'A GraphQL request is a JSON object.' })
  }
})

await t.test('readUrlParams reads JSON texts', async (t) => {
  t.strictSame(readUrlParams({ query: '{a}', variables: '{"a":1}', extensions: '' }), {
    query: '{a}',
    operationName: null,
    variables: { a: 1 },
  })
  for (const [query, path] of [
    [{ query: '{a}', variables: '{' }, 'variables'],
    [{ query: '{a}', variables: '[]' }, 'variables'],
    [{ query: '{a}', variables: ['{}', '{}'] }, 'variables'],
    [{ query: '{a}', variables: '{"__proto__":{"x":1}}' }, 'variables'],
    [{ query: '{a}', extensions: 'x' }, 'extensions'],
    [{ query: ['{a}', '{b}'] }, 'query'],
  ] as const) {
    t.throws(() => readUrlParams(query), { code: 'INVALID_ARGUMENT', details: [{ path }] }, path)
  }
})

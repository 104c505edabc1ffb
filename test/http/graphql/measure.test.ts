import { buildSchema, Kind, type OperationDefinitionNode, parse } from 'graphql'
import t from 'tap'
import { measureOperation } from '../../../src/http/graphql/measure.js'

const SCHEMA = buildSchema(`
  directive @listSize(assumed: Int!, slicing: [String!]) on FIELD_DEFINITION
  interface Named { name: String }
  type Thing implements Named { name: String, things: [Thing!] @listSize(assumed: 10) }
  type Query {
    thing: Thing
    named: Named
    list(first: Int, last: Int): [Thing!] @listSize(assumed: 20, slicing: ["first", "last"])
  }
`)

function measure(text: string, variables: Record<string, unknown> = {}) {
  const document = parse(text)
  const operation = document.definitions.find(
    (node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION,
  )
  if (!operation) throw new Error('no operation')
  const { depth, aliases, cost } = measureOperation(SCHEMA, document, operation)
  return [depth, aliases, cost(variables)]
}

await t.test('fields, levels and aliases are counted', async (t) => {
  t.strictSame(measure('{ thing { name } }'), [2, 0, 2])
  t.strictSame(measure('{ a: thing { b: name c: name } }'), [2, 3, 3])
  t.strictSame(measure('{ named { ... on Thing { name } ... { name } } }'), [2, 0, 3])
})

await t.test('a list counts as long as it was asked for', async (t) => {
  t.strictSame(measure('{ list { name } }')[2], 21)
  t.strictSame(measure('{ list(first: 3) { name } }')[2], 4)
  t.strictSame(measure('{ list(last: 5) { name things { name } } }')[2], 1 + 5 * (1 + 1 + 10))
  const text = 'query($n: Int) { list(first: $n) { name } }'
  t.strictSame(measure(text, { n: 100 })[2], 101)
  t.strictSame(measure(text)[2], 21)
  t.strictSame(measure('{ list(first: -5) { name } }')[2], 1)
})

await t.test('introspection counts for nothing', async (t) => {
  t.strictSame(measure('{ __typename __schema { types { fields { name } } } }'), [0, 0, 0])
})

await t.test('fragments count wherever they are used, and are looked at once', async (t) => {
  t.strictSame(
    measure('{ thing { ...f } a: thing { ...f } } fragment f on Thing { x: name }'),
    [2, 3, 4],
  )
  const names = Array.from({ length: 40 }, (_, i) => `f${i}`)
  const bomb = names
    .map((name, i) => {
      const next = names[i + 1]
      const inner = next ? `...${next} ...${next}` : 'name'
      return `fragment ${name} on Thing { ${inner} }`
    })
    .join('\n')
  const [depth, ,] = measure(`{ thing { name } } ${bomb}`)
  t.equal(depth, 2)
})

import { Ajv } from 'ajv'
import t from 'tap'
import { PROBLEM_SCHEMA } from '../../../src/http/schemas/problem-schema.js'

const isProblem = new Ajv().compile(PROBLEM_SCHEMA)
const [example] = PROBLEM_SCHEMA.examples

await t.test('PROBLEM_SCHEMA accepts its example', (t) => {
  t.equal(isProblem(example), true)
  t.end()
})

await t.test('PROBLEM_SCHEMA wants every member and no other', (t) => {
  for (const name of Object.keys(example)) {
    const partial = Object.fromEntries(
      Object.entries(example).filter(([member]) => member !== name),
    )
    t.equal(isProblem(partial), false, name)
  }
  t.equal(isProblem({ ...example, stack: 'at x' }), false)
  t.end()
})

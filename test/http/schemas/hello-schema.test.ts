import { Ajv } from 'ajv'
import t from 'tap'
import { GRPC_HELLO_SCHEMA, HELLO_SCHEMA } from '../../../src/http/schemas/hello-schema.js'

const ajv = new Ajv()

await t.test('the greetings accept their examples', (t) => {
  for (const { response } of [HELLO_SCHEMA, GRPC_HELLO_SCHEMA]) {
    const [example] = response[200].examples
    t.equal(ajv.compile(response[200])(example), true)
  }
  t.end()
})

await t.test('the id of GRPC_HELLO_SCHEMA is a required int32', (t) => {
  const isQuery = ajv.compile(GRPC_HELLO_SCHEMA.querystring)
  for (const id of [-(2 ** 31), 0, 2 ** 31 - 1]) t.equal(isQuery({ id }), true, String(id))
  for (const id of [-(2 ** 31) - 1, 0.5, 2 ** 31, '1', null, undefined]) {
    t.equal(isQuery({ id }), false, String(id))
  }
  t.end()
})

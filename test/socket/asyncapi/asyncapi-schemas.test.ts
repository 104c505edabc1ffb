import { Ajv } from 'ajv'
import t from 'tap'
import {
  COMMAND_SCHEMAS,
  COMPONENT_SCHEMAS,
  PUSH_SCHEMAS,
  RESULT_SCHEMAS,
} from '../../../src/socket/asyncapi/asyncapi-schemas.js'
import { METHODS } from '../../../src/socket/protocols/centrifuge/command.js'
import { parseChannel } from '../../../src/realtime/channel-name.js'

await t.test('every method has its schemas, and all of them compile', async (t) => {
  const ajv = new Ajv({ strict: false })
  ajv.addSchema({ $id: 'document', components: { schemas: COMPONENT_SCHEMAS } })
  const compile = (schema: object) =>
    ajv.compile(
      JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as Record<
        string,
        unknown
      >,
    )
  for (const method of METHODS) {
    t.doesNotThrow(
      () => [compile(COMMAND_SCHEMAS[method]), compile(RESULT_SCHEMAS[method])],
      method,
    )
  }
  t.doesNotThrow(() => compile(PUSH_SCHEMAS))
  const isChannel = compile(COMPONENT_SCHEMAS['channel'] ?? {})
  for (const name of ['a:b', 'a:b#c', 'A:b', 'a', 'a:', `a:${'x'.repeat(300)}`]) {
    let isRead = true
    try {
      parseChannel(name)
    } catch {
      isRead = false
    }
    t.equal(isChannel(name), isRead, name)
  }
})

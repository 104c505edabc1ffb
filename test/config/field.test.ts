import t from 'tap'
import {
  choice,
  flag,
  group,
  integer,
  isGroup,
  isSecret,
  list,
  secret,
  text,
} from '../../src/config/field.js'

await t.test('the builders give plain JSON Schema', async (t) => {
  t.same(integer(1, 9), { type: 'integer', minimum: 1, maximum: 9 })
  t.same(flag(), { type: 'boolean' })
  t.same(text('host'), { type: 'string', format: 'host' })
  t.same(choice('a', 'b'), { type: 'string', enum: ['a', 'b'] })
  t.same(list('origin'), { type: 'array', items: { type: 'string', format: 'origin' } })
  t.same(group({ on: flag(), name: text('name') }), {
    type: 'object',
    properties: { on: { type: 'boolean' }, name: { type: 'string', format: 'name' } },
    required: ['on', 'name'],
    additionalProperties: false,
  })
})

await t.test('isGroup and isSecret tell the kinds apart', async (t) => {
  t.ok(isGroup(group({})))
  t.notOk(isGroup(flag()))
  t.ok(isSecret(secret('api-key')))
  for (const field of [text('name'), choice('a'), integer(0, 1), flag(), list('host'), group({})]) {
    t.notOk(isSecret(field), field.type)
  }
})

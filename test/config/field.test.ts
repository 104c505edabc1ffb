import t from 'tap'
import {
  choice,
  flag,
  group,
  integer,
  isGroup,
  isMap,
  isSecret,
  list,
  map,
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

await t.test('a map has names of its own and entries of one shape', async (t) => {
  const field = map({ id: text('name'), key: secret('name') }, ['id'])
  t.match(field, {
    type: 'object',
    additionalProperties: { properties: { id: {}, key: {} }, required: ['id'] },
  })
  t.ok(isMap(field))
  t.notOk(isGroup(field))
  t.notOk(isMap(group({})))
  t.notOk(isSecret(field))
  const names = new RegExp(field.propertyNames.pattern)
  for (const name of ['a', 'github', 'my-sso', 'a1-b2']) t.match(name, names)
  for (const name of ['', 'A', '1a', 'a_b', 'a--b', '-a', 'a-', 'a.b', 'a b', 'ä'])
    t.notMatch(name, names)
})

await t.test('isGroup and isSecret tell the kinds apart', async (t) => {
  t.ok(isGroup(group({})))
  t.notOk(isGroup(flag()))
  t.ok(isSecret(secret('api-key')))
  for (const field of [text('name'), choice('a'), integer(0, 1), flag(), list('host'), group({})]) {
    t.notOk(isSecret(field), field.type)
  }
})

import { Ajv } from 'ajv'
import t from 'tap'
import {
  toUserJson,
  UPDATE_PROFILE_BODY_SCHEMA,
  USER_SCHEMA,
} from '../../../src/http/schemas/user-schema.js'
import { ALICE } from '../../helpers/http-fakes.js'

const ajv = new Ajv({ allowUnionTypes: true, formats: { 'date-time': true } })

await t.test('toUserJson writes what the schema promises', (t) => {
  const isUser = ajv.compile(USER_SCHEMA)
  const json = toUserJson(ALICE)
  t.equal(isUser(json), true)
  t.equal(json.createdAt, '2026-01-01T00:00:00.000Z')
  t.equal(isUser(USER_SCHEMA.examples[0]), true)
  t.end()
})

await t.test('toUserJson leaves out what it does not know', (t) => {
  const row = { ...ALICE, passwordHash: '$argon2id$secret' }
  t.notMatch(JSON.stringify(toUserJson(row)), 'argon2id')
  t.end()
})

await t.test('UPDATE_PROFILE_BODY_SCHEMA takes the name and the gender, at least one', (t) => {
  const isChange = ajv.compile(UPDATE_PROFILE_BODY_SCHEMA)
  t.equal(isChange({ displayName: 'x', gender: 'male' }), true)
  t.equal(isChange({}), false)
  t.equal(isChange({ role: 'admin' }), false)
  t.equal(isChange({ displayName: 'x'.repeat(257) }), false)
  t.end()
})

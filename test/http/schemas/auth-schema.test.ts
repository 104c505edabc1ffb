import { Ajv } from 'ajv'
import t from 'tap'
import {
  LOGIN_BODY_SCHEMA,
  REFRESH_BODY_SCHEMA,
  REGISTER_BODY_SCHEMA,
  SIGN_IN_SCHEMA,
  toSignInJson,
} from '../../../src/http/schemas/auth-schema.js'
import { SIGN_IN } from '../../helpers/http-fakes.js'

const ajv = new Ajv({ allowUnionTypes: true, formats: { 'date-time': true } })

await t.test('toSignInJson writes what the schema promises', (t) => {
  const json = toSignInJson(SIGN_IN)
  t.equal(ajv.compile(SIGN_IN_SCHEMA)(json), true)
  t.match(json, { tokenType: 'Bearer', expiresIn: 600, session: { id: 'session-1' } })
  t.notOk('refreshExpiresInSeconds' in json)
  t.end()
})

await t.test('the bodies accept their examples', (t) => {
  t.equal(ajv.compile(REGISTER_BODY_SCHEMA)(REGISTER_BODY_SCHEMA.examples[0]), true)
  t.equal(ajv.compile(LOGIN_BODY_SCHEMA)(LOGIN_BODY_SCHEMA.examples[0]), true)
  t.equal(ajv.compile(REFRESH_BODY_SCHEMA)({ refreshToken: 'a' }), true)
  t.equal(ajv.compile(REFRESH_BODY_SCHEMA)(null), true)
  t.end()
})

await t.test('the bodies bound the work they cause and know no other members', (t) => {
  const long = 'a'.repeat(1025)
  const isRegister = ajv.compile(REGISTER_BODY_SCHEMA)
  const isLogin = ajv.compile(LOGIN_BODY_SCHEMA)
  const isRefresh = ajv.compile(REFRESH_BODY_SCHEMA)
  for (const isBody of [isRegister, isLogin]) {
    t.equal(isBody({ username: 'a', password: 'b' }), true)
    t.equal(isBody({ username: 'a', password: long }), false)
    t.equal(isBody({ username: long, password: 'b' }), false)
    t.equal(isBody({ username: 'a', password: 'b', role: 'admin' }), false)
    t.equal(isBody({ username: 'a' }), false)
  }
  t.equal(isRefresh({ refreshToken: 'a'.repeat(4097) }), false)
  t.equal(isRefresh({ token: 'a' }), false)
  t.end()
})

import { Ajv } from 'ajv'
import t from 'tap'
import {
  CREATE_RESET_LINK_SCHEMA,
  LIST_AUDIT_SCHEMA,
  LIST_USERS_SCHEMA,
  toAuditPageJson,
  toChangedUserJson,
  toResetLinkJson,
  toUserPageJson,
  UPDATE_USER_BODY_SCHEMA,
  UPDATE_USER_SCHEMA,
} from '../../../src/http/schemas/admin-schema.js'
import { ALICE, createFakeAuditReader, END_RESULT } from '../../helpers/http-fakes.js'

const ajv = new Ajv({ allowUnionTypes: true, formats: { 'date-time': true } })

await t.test('what is written is what the schemas promise', async (t) => {
  const users = toUserPageJson({ users: [ALICE], next: 'x' })
  t.equal(ajv.compile(LIST_USERS_SCHEMA.response[200])(users), true)
  const changed = toChangedUserJson({ user: ALICE, end: END_RESULT })
  t.equal(ajv.compile(UPDATE_USER_SCHEMA.response[200])(changed), true)
  const link = toResetLinkJson({ token: 't', link: null, expiresAt: 0 })
  t.equal(ajv.compile(CREATE_RESET_LINK_SCHEMA.response[201])(link), true)
  t.equal(link.expiresAt, '1970-01-01T00:00:00.000Z')
  const page = toAuditPageJson(await createFakeAuditReader().list({ limit: 1 }))
  t.equal(ajv.compile(LIST_AUDIT_SCHEMA.response[200])(page), true)
})

await t.test('an account is changed in no other member, and not in none', (t) => {
  const isChange = ajv.compile(UPDATE_USER_BODY_SCHEMA)
  t.equal(isChange(UPDATE_USER_BODY_SCHEMA.examples[0]), true)
  t.equal(isChange({}), false)
  for (const name of ['id', 'username', 'password', 'passwordHash', 'createdAt']) {
    t.equal(isChange({ [name]: 'x' }), false, name)
  }
  t.end()
})

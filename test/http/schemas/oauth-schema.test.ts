import { Ajv } from 'ajv'
import t from 'tap'
import { INTROSPECT_SCHEMA, toIntrospectionJson } from '../../../src/http/schemas/oauth-schema.js'
import { createFakeTokenInspection, OAUTH } from '../../helpers/http-fakes.js'

await t.test('introspections are what the schema promises', async (t) => {
  const isPromised = new Ajv().compile(INTROSPECT_SCHEMA.response[200])
  const inspection = createFakeTokenInspection()
  const good = toIntrospectionJson(await inspection.introspect('access-1'), OAUTH)
  t.equal(isPromised(good), true)
  t.equal(good.active, true)
  const bad = toIntrospectionJson(await inspection.introspect('x'), OAUTH)
  t.same(bad, { active: false }, 'nothing more is told')
  t.equal(isPromised(bad), true)
})

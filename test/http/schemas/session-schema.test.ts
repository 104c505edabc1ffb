import { Ajv } from 'ajv'
import t from 'tap'
import {
  END_RESULT_SCHEMA,
  LISTED_SESSION_SCHEMA,
  SESSION_SCHEMA,
  toEndResultJson,
  toListedSessionJson,
  toSessionJson,
} from '../../../src/http/schemas/session-schema.js'
import { END_RESULT, SESSION } from '../../helpers/http-fakes.js'

const ajv = new Ajv({ formats: { 'date-time': true } })

await t.test('toSessionJson and toListedSessionJson write what the schemas promise', (t) => {
  const json = toSessionJson(SESSION)
  t.equal(ajv.compile(SESSION_SCHEMA)(json), true)
  t.equal(json.expiresAt, '2026-01-31T00:00:00.000Z')
  const listed = toListedSessionJson({ ...SESSION, current: true, connections: 3 })
  t.equal(ajv.compile(LISTED_SESSION_SCHEMA)(listed), true)
  t.match(listed, { ...json, current: true, connections: 3 })
  t.end()
})

await t.test('toSessionJson leaves the refresh lineage out', (t) => {
  const row = { ...SESSION, refreshHash: 'secret-hash' }
  t.notMatch(JSON.stringify(toSessionJson(row)), 'secret-hash')
  t.notOk('userId' in toSessionJson(row))
  t.end()
})

await t.test('toEndResultJson writes what the schema promises', (t) => {
  const isResult = ajv.compile(END_RESULT_SCHEMA)
  t.equal(isResult(toEndResultJson(END_RESULT)), true)
  t.equal(isResult(END_RESULT_SCHEMA.examples[0]), true)
  t.same(toEndResultJson(END_RESULT), END_RESULT)
  t.end()
})

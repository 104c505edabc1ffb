import { Ajv } from 'ajv'
import t from 'tap'
import {
  LIVE_SCHEMA,
  METRICS_SCHEMA,
  READY_SCHEMA,
} from '../../../src/http/schemas/operation-schema.js'

const ajv = new Ajv()

await t.test('READY_SCHEMA tells ready from not ready', (t) => {
  const { 200: ready, 503: notReady } = READY_SCHEMA.response
  const isReady = ajv.compile(ready)
  const isNotReady = ajv.compile(notReady)
  t.equal(isReady(ready.examples[0]), true)
  t.equal(isNotReady(notReady.examples[0]), true)
  t.equal(isReady(notReady.examples[0]), false)
  t.equal(isNotReady({ status: 'unavailable', parts: { sql: 'at 10.0.0.1' } }), false)
  t.end()
})

await t.test('LIVE_SCHEMA knows one answer, METRICS_SCHEMA asks for the key', (t) => {
  const isLive = ajv.compile(LIVE_SCHEMA.response[200])
  t.equal(isLive({ status: 'ok' }), true)
  t.equal(isLive({ status: 'ok', pid: 1 }), false)
  t.same(METRICS_SCHEMA.security, [{ apiKey: [] }, { bearer: [] }])
  t.end()
})

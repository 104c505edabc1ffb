import { Metadata } from '@grpc/grpc-js'
import t from 'tap'
import { attachCallRecord, callRecordOf, createCallRecord } from '../../src/grpc/call-record.js'

await t.test('call record travels with the metadata and is never sent', async (t) => {
  const metadata = new Metadata()
  const record = createCallRecord()
  attachCallRecord(metadata, record)
  t.equal(callRecordOf(metadata), record)
  t.strictSame(metadata.toHttp2Headers(), {})
})

await t.test('call record has an id of its own', async (t) => {
  t.not(createCallRecord().requestId, createCallRecord().requestId)
  t.match(createCallRecord(), {
    requestId: /^[0-9a-f-]{36}$/,
    error: null,
    caller: { kind: 'anybody' },
  })
})

await t.test('call record is made when none was attached', async (t) => {
  t.match(callRecordOf(new Metadata()), {
    requestId: /^[0-9a-f-]{36}$/,
    error: null,
    caller: { kind: 'anybody' },
  })
})

import t from 'tap'
import { createReceiptLog, RECEIPT_TAG, takeReceipt } from '../../src/realtime/receipt-log.js'

const counts = { written: 1, queued: 0, dropped: 0 }

await t.test('deliveries are found again until newer ones push them out', async (t) => {
  const log = createReceiptLog()
  t.equal(log.find('a'), null)
  log.record('a', counts)
  t.strictSame(log.find('a'), counts)
  for (let index = 0; index < 4_096; index += 1) log.record(`b${index}`, counts)
  t.equal(log.find('a'), null)
  t.strictSame(log.find('b0'), counts)
})

await t.test('the id of the receipt never reaches a client', async (t) => {
  const plain = { offset: 1, data: '1', info: null, tags: { a: 'b' } }
  t.equal(takeReceipt(plain).publication, plain)
  t.equal(takeReceipt(plain).receiptId, null)
  t.strictSame(takeReceipt({ ...plain, tags: { a: 'b', [RECEIPT_TAG]: 'r' } }), {
    publication: plain,
    receiptId: 'r',
  })
  t.strictSame(takeReceipt({ ...plain, tags: { [RECEIPT_TAG]: 'r' } }).publication.tags, null)
})

import t from 'tap'
import { RECEIPTS } from '../../src/service/receipt.js'

await t.test('the kinds of receipts go from nothing to everything', async (t) => {
  t.strictSame([...RECEIPTS], ['none', 'nodes', 'written'])
})

import t from 'tap'
import { createRecoveryCounts } from '../../src/realtime/recovery-counts.js'

await t.test('outcomes are counted apart', async (t) => {
  const counts = createRecoveryCounts()
  counts.add('recovered')
  counts.add('recovered')
  counts.add('lost')
  t.strictSame([counts.count('recovered'), counts.count('lost')], [2, 1])
})

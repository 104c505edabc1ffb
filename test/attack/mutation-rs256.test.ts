import t from 'tap'
import { checkMutations } from './mutation.js'

const FILE_TIMEOUT_MS = 120_000
t.setTimeout(FILE_TIMEOUT_MS)

await t.test('J-21 seeded mutations of RS256 tokens are all refused', async (t) => {
  await checkMutations(t, { algorithm: 'RS256', count: 300_000, seed: 2 })
})

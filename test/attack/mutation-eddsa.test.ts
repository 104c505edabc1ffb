import t from 'tap'
import { checkMutations } from './mutation.js'

const FILE_TIMEOUT_MS = 120_000
t.setTimeout(FILE_TIMEOUT_MS)

await t.test('J-21 seeded mutations of EdDSA tokens are all refused', async (t) => {
  await checkMutations(t, { algorithm: 'EdDSA', count: 200_000, seed: 4 })
})

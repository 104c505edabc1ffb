import t from 'tap'
import { KEY_ALGORITHMS, TOKEN_BYTES_MAX } from '../../src/domain/token.js'

await t.test('tokens are signed by key pairs only and have a size limit', async (t) => {
  t.same([...KEY_ALGORITHMS].sort(), ['ES256', 'EdDSA', 'RS256', 'RS512'])
  t.equal(TOKEN_BYTES_MAX, 4096)
})

import { createHash } from 'node:crypto'
import t from 'tap'
import { createTokenVault } from '../../src/auth/token-vault.js'

const UNREADABLE = { code: 'INTERNAL', reason: 'token_pair_unreadable' }

await t.test('vault opens what it sealed under the same token', async (t) => {
  const vault = createTokenVault()
  const sealed = vault.seal('token-a', 'a secret: ü😀')
  t.match(sealed, /^[\w-]+$/)
  t.equal(vault.open('token-a', sealed), 'a secret: ü😀')
  t.equal(vault.open('token-a', vault.seal('token-a', '')), '')
  t.not(vault.seal('token-a', 'a secret: ü😀'), sealed, 'a nonce of its own')
  t.equal(createTokenVault().open('token-a', sealed), 'a secret: ü😀', 'in another process')
})

await t.test('vault opens nothing under another token', async (t) => {
  const vault = createTokenVault()
  const sealed = vault.seal('token-a', 'secret')
  t.throws(() => vault.open('token-b', sealed), UNREADABLE)
  t.throws(() => vault.open('', sealed), UNREADABLE)
})

await t.test('vault notices any change', async (t) => {
  const vault = createTokenVault()
  const bytes = Buffer.from(vault.seal('token-a', 'secret'), 'base64url')
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes)
    changed.writeUInt8(bytes.readUInt8(index) ^ 1, index)
    t.throws(() => vault.open('token-a', changed.toString('base64url')), UNREADABLE)
    t.throws(
      () => vault.open('token-a', bytes.subarray(0, index).toString('base64url')),
      UNREADABLE,
    )
  }
})

await t.test('vault hashes a token id with SHA-256', async (t) => {
  const expected = createHash('sha256').update('token-id').digest('base64url')
  t.equal(createTokenVault().hashTokenId('token-id'), expected)
})

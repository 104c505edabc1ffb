import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { AppError, INTERNAL_MESSAGE } from '../errors/app-error.js'
import type { TokenVault } from '../domain/token.js'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Binds the derived key to its one use (RFC 5869 §3.2). */
const PURPOSE = 'gatehouse sealed token pair v1'

/** A sealed text is base64url of nonce (12 bytes), tag (16) and ciphertext. */
export function createTokenVault(): TokenVault {
  return {
    hashTokenId: (tokenId) => createHash('sha256').update(tokenId).digest('base64url'),
    seal(token, plaintext) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, keyOf(token), nonce)
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64url')
    },
    open(token, sealed) {
      try {
        const bytes = Buffer.from(sealed, 'base64url')
        const nonce = bytes.subarray(0, NONCE_BYTES)
        const decipher = createDecipheriv(CIPHER, keyOf(token), nonce, {
          authTagLength: TAG_BYTES,
        })
        decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
        const ciphertext = bytes.subarray(NONCE_BYTES + TAG_BYTES)
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8')
      } catch (error) {
        throw new AppError('INTERNAL', 'token_pair_unreadable', INTERNAL_MESSAGE, { cause: error })
      }
    },
  }
}

/** The token is a secret of its own with far more than 256 bits of surprise in its signature. */
function keyOf(token: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', token, '', PURPOSE, KEY_BYTES))
}

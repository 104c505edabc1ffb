import type { PasswordHasher } from '../../src/domain/password.js'

/** A hasher without work that keeps what it was asked: `hash` of `x` is `hash:x`. */
export interface FakePasswordHasher extends PasswordHasher {
  readonly verified: { readonly hash: string | null; readonly password: string }[]
  readonly hashed: string[]
}

export function createFakePasswordHasher(): FakePasswordHasher {
  const verified: { hash: string | null; password: string }[] = []
  const hashed: string[] = []
  return {
    verified,
    hashed,
    async hash(password) {
      hashed.push(password)
      return `hash:${password}`
    },
    async verify(hash, password) {
      verified.push({ hash, password })
      return hash === `hash:${password}`
    },
  }
}

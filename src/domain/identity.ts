import type { Transaction } from './transaction.js'

/** An account at a provider that opens an account here; one account per (provider, provider id). */
export interface Identity {
  readonly provider: string
  readonly providerId: string
  readonly userId: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** All the ways in which one user can sign in. */
export interface SignInWays {
  /** Oldest first. */
  readonly identities: readonly Identity[]
  readonly hasPassword: boolean
}

export interface IdentityRepository {
  /** Null when absent. */
  find(provider: string, providerId: string): Promise<Identity | null>
  /** Null when the user is absent. */
  waysOf(userId: string): Promise<SignInWays | null>
  /**
   * The same inside a transaction, which keeps every other one that asks this way for the same user waiting
   * until it is over. Null when the user is absent.
   */
  lockWaysOf(tx: Transaction, userId: string): Promise<SignInWays | null>
  /** Raises ALREADY_EXISTS with reason `identity_taken`. */
  create(tx: Transaction, identity: Identity): Promise<void>
  /** Takes every identity of that provider away from the user; how many there were. */
  remove(tx: Transaction, userId: string, provider: string): Promise<number>
}

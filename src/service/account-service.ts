import type { User, UserChanges, UserPage } from '../domain/user.js'

export interface NewAccount {
  readonly username: string
  readonly password: string
  readonly email?: string
  readonly displayName?: string
}

export interface AccountService {
  /**
   * Creates an account with role `user`. `address` is the peer's, for the audit log.
   * Raises INVALID_ARGUMENT with every wrong field in `details`, ALREADY_EXISTS with `username_taken` or
   * `email_taken`, RESOURCE_EXHAUSTED with `hashing_busy`.
   */
  register(account: NewAccount, address: string): Promise<User>
  /** The operator's way to an account, with any role. Raises as `register` does. */
  createAsOperator(account: NewAccount & { role: string }): Promise<User>
  /** Sets the role of the user with that username. Raises NOT_FOUND, INVALID_ARGUMENT. */
  setRole(username: string, role: string): Promise<User>
  /** Changes the caller's own display name or gender. Raises NOT_FOUND, INVALID_ARGUMENT. */
  updateProfile(userId: string, changes: Pick<UserChanges, 'displayName' | 'gender'>): Promise<User>
  /** By username. Raises NOT_FOUND. */
  findByUsername(username: string): Promise<User>
  list(options: { limit: number; after?: string }): Promise<UserPage>
  hasAdmin(): Promise<boolean>
}

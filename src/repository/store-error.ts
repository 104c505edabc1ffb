import { AppError } from '../errors/app-error.js'

/** What a store says of a unique column, and under which names the databases report it. */
interface TakenValue {
  /** Table and column, as SQLite names it. */
  readonly column: string
  /** The name of the constraint, as MySQL and MariaDB name it; `table.PRIMARY` for a primary key. */
  readonly constraint: string
  readonly reason: string
  readonly message: string
}

/** The only place that knows which unique column means what to a caller. */
const TAKEN: readonly TakenValue[] = [
  {
    column: 'users.username',
    constraint: 'users_username_unique',
    reason: 'username_taken',
    message: 'This username is already taken.',
  },
  {
    column: 'users.email',
    constraint: 'users_email_unique',
    reason: 'email_taken',
    message: 'This e-mail address is already in use.',
  },
  {
    column: 'identities.provider, identities.provider_id',
    constraint: 'identities_provider_unique',
    reason: 'identity_taken',
    message: 'This account is already linked to somebody.',
  },
  {
    // The same account, linked to the same user twice: the primary key is looked at first.
    column: 'identities.user_id, identities.provider, identities.provider_id',
    constraint: 'identities.PRIMARY',
    reason: 'identity_taken',
    message: 'This account is already linked to somebody.',
  },
]

/**
 * ALREADY_EXISTS for a value that must be unique, by the name of its column or constraint; null for one that
 * no caller can do anything about.
 */
export function takenError(name: string): AppError | null {
  const taken = TAKEN.find(({ column, constraint }) => column === name || constraint === name)
  return taken ? new AppError('ALREADY_EXISTS', taken.reason, taken.message) : null
}

/** The error of a store whose turn did not come, or whose locks did not become free, in time. */
export function storeBusy(cause?: unknown): AppError {
  return new AppError('UNAVAILABLE', 'store_busy', 'The store is busy; try again in a moment.', {
    retryAfterSeconds: 1,
    cause,
  })
}

/** The error of a store that cannot be read or written at all. */
export function storeUnavailable(cause: unknown): AppError {
  return new AppError('UNAVAILABLE', 'store_unavailable', 'The store cannot be used now.', {
    cause,
  })
}

export function storeClosed(): AppError {
  return new AppError('UNAVAILABLE', 'store_closed', 'The store is closed.')
}

import type { Clock } from '../domain/clock.js'
import { assertOneTimeValue, type OneTimeStore } from '../domain/one-time-store.js'
import type { SqliteStore } from './sqlite-store.js'

export interface SqliteOneTimeStoreDeps {
  readonly store: SqliteStore
  readonly clock: Clock
}

/** Each new value takes away more than it adds, so that what nobody took never piles up. */
const PRUNED_AT_ONCE = 8

const PUT = 'INSERT OR REPLACE INTO one_time_values (key, value, expires_at) VALUES (?, ?, ?)'
const TAKE = 'DELETE FROM one_time_values WHERE key = ? RETURNING value, expires_at'
const PRUNE =
  'DELETE FROM one_time_values WHERE key IN ' +
  `(SELECT key FROM one_time_values WHERE expires_at <= ? ORDER BY expires_at LIMIT ${PRUNED_AT_ONCE})`

/** One-time values in the SQLite file. */
export function createSqliteOneTimeStore({ store, clock }: SqliteOneTimeStoreDeps): OneTimeStore {
  return {
    async put(key, value, expiresAt) {
      assertOneTimeValue(value)
      await store.write((db) => {
        db.prepare(PRUNE).run(clock.now())
        db.prepare(PUT).run(key, value, expiresAt)
      })
    },
    take: (key, now) =>
      store.write((db) => {
        const row = db.prepare(TAKE).get(key)
        return row && now < Number(row['expires_at']) ? String(row['value']) : null
      }),
  }
}

import { assertCounterStep, type CounterState, type CounterStore } from '../domain/counter.js'
import type { SqlRow } from './sqlite-connection.js'
import type { SqliteStore } from './sqlite-store.js'

/** Each new count takes away more than it adds, so that what has run out never piles up. */
const PRUNED_AT_ONCE = 8

const ADD =
  'INSERT INTO counters (key, count, resets_at) VALUES (?1, ?2, ?4 + ?3) ' +
  'ON CONFLICT (key) DO UPDATE SET ' +
  'count = excluded.count + CASE WHEN resets_at <= ?4 THEN 0 ELSE count END, ' +
  'resets_at = CASE WHEN resets_at <= ?4 THEN excluded.resets_at ELSE resets_at END ' +
  'RETURNING count, resets_at'
const SELECT = 'SELECT count, resets_at FROM counters WHERE key = ? AND resets_at > ?'
const CLEAR = 'DELETE FROM counters WHERE key = ?'
const PRUNE =
  'DELETE FROM counters WHERE key IN ' +
  `(SELECT key FROM counters WHERE resets_at <= ? ORDER BY resets_at LIMIT ${PRUNED_AT_ONCE})`

/** Counters in the SQLite file. */
export function createSqliteCounterStore({ store }: { store: SqliteStore }): CounterStore {
  return {
    async add(key, amount, windowMs, now) {
      assertCounterStep(amount, windowMs)
      if (amount === 0) {
        const row = store.read((db) => db.prepare(SELECT).get(key, now))
        return row ? toState(row) : { count: 0, resetsAt: now + windowMs }
      }
      return store.write((db) => {
        const row = db.prepare(ADD).get(key, amount, windowMs, now)
        db.prepare(PRUNE).run(now)
        return toState(row)
      })
    },
    clear: (key) =>
      store.write((db) => {
        db.prepare(CLEAR).run(key)
      }),
  }
}

function toState(row: SqlRow | undefined): CounterState {
  return { count: Number(row?.['count']), resetsAt: Number(row?.['resets_at']) }
}

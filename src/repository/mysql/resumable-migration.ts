import type { Kysely, Migration } from 'kysely'
import { MIGRATION_LOCK_TABLE } from '../migration/migration-history.js'
import { errnoOf } from './mysql-error.js'

/** What the server says when a step has been done already: it exists, or it is gone. */
const DONE_BEFORE: ReadonlySet<number> = new Set([
  1050, // ER_TABLE_EXISTS_ERROR
  1051, // ER_BAD_TABLE_ERROR
  1060, // ER_DUP_FIELDNAME
  1061, // ER_DUP_KEYNAME
  1091, // ER_CANT_DROP_FIELD_OR_KEY
])

type LockTable = Record<typeof MIGRATION_LOCK_TABLE, { id: string; is_locked: number }>

/**
 * The same steps, for a database that commits each statement by itself: when a process was killed between a
 * step and the note that it is done, the next one takes the step for done in place of failing for ever. A
 * table that somebody else made is still an error, since nobody has begun the step.
 */
export function resumableMigrations(
  migrations: Readonly<Record<string, Migration>>,
): Readonly<Record<string, Migration>> {
  return Object.fromEntries(
    Object.entries(migrations).map(([name, step]) => [name, resumableStep(name, step)]),
  )
}

function resumableStep(name: string, step: Migration): Migration {
  const up = (db: Kysely<unknown>) => resume(db, `up ${name}`, () => step.up(db))
  if (!step.down) return { up }
  return { up, down: (db) => resume(db, `down ${name}`, async () => step.down?.(db)) }
}

/** Runs under the migration lock, so at most one step has been begun. */
async function resume(db: Kysely<unknown>, step: string, run: () => Promise<void>): Promise<void> {
  const notes = db.withTables<LockTable>()
  const forget = () => notes.deleteFrom(MIGRATION_LOCK_TABLE).where('is_locked', '=', 1).execute()
  const begun = await notes
    .selectFrom(MIGRATION_LOCK_TABLE)
    .select('id')
    .where('id', '=', step)
    .executeTakeFirst()
  if (!begun) {
    await forget()
    await notes.insertInto(MIGRATION_LOCK_TABLE).values({ id: step, is_locked: 1 }).execute()
  }
  try {
    await run()
  } catch (error) {
    if (begun && DONE_BEFORE.has(errnoOf(error))) return
    if (errnoOf(error) !== 0) await forget()
    throw error
  }
}

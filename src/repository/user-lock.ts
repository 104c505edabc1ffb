import type { Kysely } from 'kysely'
import type { SqlSchema } from './sql-store.js'

/**
 * Keeps the user with that id or address as they are until the transaction of `db` is over: whoever locks them
 * too, or writes to them, waits. A write that changes nothing takes the lock of the row in every dialect.
 */
export async function lockUser(
  db: Kysely<SqlSchema>,
  column: 'id' | 'email',
  value: string,
): Promise<void> {
  await db
    .updateTable('users')
    .set((columns) => ({ state: columns.ref('state') }))
    .where(column, '=', value)
    .execute()
}

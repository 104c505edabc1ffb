import { join } from 'node:path'
import type { Test } from 'tap'
import { createMigrator } from '../../src/repository/migrator.js'
import { openSqliteStore, type SqliteStore } from '../../src/repository/sqlite-store.js'

/** A migrated store in the folder of the test; given a file, one more store on that file. */
export async function openTestStore(
  t: Test,
  file = join(t.testdir(), 'app.db'),
): Promise<SqliteStore> {
  const store = openSqliteStore({ file, busyTimeoutMs: 5000, synchronous: 'normal' })
  t.teardown(() => store.close())
  await createMigrator(store).up()
  return store
}

const files = new WeakMap<Test, string>()

/** As `openTestStore`, with one file for all stores of a test: the stores of several processes. */
export async function openSharedTestStore(t: Test): Promise<SqliteStore> {
  const file = files.get(t) ?? join(t.testdir(), 'app.db')
  files.set(t, file)
  return openTestStore(t, file)
}

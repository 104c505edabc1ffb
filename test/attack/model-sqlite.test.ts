import { join } from 'node:path'
import t from 'tap'
import { createSqliteSessionStore } from '../../src/repository/sqlite-session-store.js'
import { openTestStore } from '../repository/open-test-store.js'
import { checkAgainstModel } from './model-run.js'

const FILE_TIMEOUT_MS = 120_000
t.setTimeout(FILE_TIMEOUT_MS)

await t.test('10,000 steps on SQLite go as in the model', async (t) => {
  const file = join(t.testdir(), 'app.db')
  // The store of the process that crashed stays open, as the kernel would leave its file: unclosed.
  const reopen = async () => createSqliteSessionStore({ store: await openTestStore(t, file) })
  await checkAgainstModel(t, { reopen, count: 10_000, seed: 1 })
})

import t from 'tap'
import { SQLITE_MIGRATIONS } from '../../../src/repository/migration/sqlite-migrations.js'
import { openTestStore } from '../open-test-store.js'

await t.test('sqlite migrations make the tables of session store and broker', async (t) => {
  const store = await openTestStore(t)
  const tables = store.read((db) => db.prepare('PRAGMA table_list').all())
  for (const name of [
    'sessions',
    'ended_sessions',
    'broker_processes',
    'broker_messages',
    'broker_replies',
    'channel_streams',
    'channel_publications',
    'channel_events',
    'channel_keys',
    'presence_entries',
    'presence_processes',
  ]) {
    t.match(
      tables.find((table) => table['name'] === name),
      { strict: 1 },
      name,
    )
  }
})

await t.test('sqlite migrations never give an id of a message twice', async (t) => {
  const store = await openTestStore(t)
  const insert = 'INSERT INTO broker_messages (sender, survey_id, kind, body, sent_at) '
  const id = () =>
    store.write(
      (db) => db.prepare(`${insert} VALUES ('a', 'b', 'c', 'd', 1)`).run().lastInsertRowid,
    )
  t.equal(await id(), 1)
  await store.write((db) => db.prepare('DELETE FROM broker_messages').run())
  t.equal(await id(), 2)
})

await t.test('sqlite migrations all have a way back', async (t) => {
  for (const [name, migration] of Object.entries(SQLITE_MIGRATIONS)) {
    t.ok('down' in migration, name)
  }
})

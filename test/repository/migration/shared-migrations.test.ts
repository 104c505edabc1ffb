import t from 'tap'
import { DummyDriver, Kysely, MysqlAdapter, MysqlIntrospector, MysqlQueryCompiler } from 'kysely'
import { SHARED_MIGRATIONS } from '../../../src/repository/migration/shared-migrations.js'
import { openTestStore } from '../open-test-store.js'

await t.test('shared migrations make the tables of every database', async (t) => {
  const store = await openTestStore(t)
  const names = store.read((db) =>
    db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map((row) => row['name']),
  )
  for (const table of ['users', 'identities', 'audit_events', 'unfinished_ends'])
    t.ok(names.includes(table), table)
})

await t.test('shared migrations let an identity belong to one user, who exists', async (t) => {
  const store = await openTestStore(t)
  const identity = { provider: 'github', provider_id: '7', user_id: 'ann', created_at: 1 }
  const insert = () => store.db.insertInto('identities').values(identity).execute()
  await t.rejects(insert(), { code: 'INTERNAL', cause: { message: /FOREIGN KEY/ } })
  await store.write((db) =>
    db
      .prepare(
        'INSERT INTO users (id, username, display_name, gender, role, state, created_at) ' +
          "VALUES ('ann', 'ann', 'Ann', 'unknown', 'user', 'active', 1)",
      )
      .run(),
  )
  await insert()
  await t.rejects(insert(), { code: 'ALREADY_EXISTS', reason: 'identity_taken' })
  await store.write((db) => db.prepare("DELETE FROM users WHERE id = 'ann'").run())
  t.strictSame(await store.db.selectFrom('identities').selectAll().execute(), [])
})

await t.test('shared migrations are one statement a step, in the words of MySQL too', async (t) => {
  for (const [name, migration] of Object.entries(SHARED_MIGRATIONS)) {
    for (const direction of ['up', 'down'] as const) {
      const statements: string[] = []
      const mysql = new Kysely<unknown>({
        dialect: {
          createAdapter: () => new MysqlAdapter(),
          createDriver: () => new DummyDriver(),
          createIntrospector: (db) => new MysqlIntrospector(db),
          createQueryCompiler: () => new MysqlQueryCompiler(),
        },
        log: (event) => {
          statements.push(event.query.sql)
        },
      })
      await migration[direction]?.(mysql)
      t.equal(statements.length, 1, name)
      if (/^drop index/.test(statements[0] ?? '')) t.match(statements[0], / on `/, name)
      t.notMatch(statements[0], /autoincrement|without rowid|strict|if not exists/i)
    }
  }
})

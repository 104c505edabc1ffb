import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import t, { type Test } from 'tap'
import { openSqliteConnection } from '../../src/repository/sqlite-connection.js'
import { type ConnectionSource, createSqliteDialect } from '../../src/repository/sqlite-dialect.js'

interface Schema {
  things: { id: number; name: string | null; flag: number | boolean }
}

/** A builder on one connection, with what the dialect asked of its source. */
function open(t: Test): { db: Kysely<Schema>; calls: string[]; source: ConnectionSource } {
  const connection = openSqliteConnection(join(t.testdir(), 'a.db'), 100)
  t.teardown(() => connection.close())
  connection.exec('CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT, flag INTEGER)')
  const calls: string[] = []
  const source: ConnectionSource = {
    acquire: async () => {
      calls.push('acquire')
      return connection
    },
    release: () => {
      calls.push('release')
    },
    begin: async () => {
      calls.push('begin')
      connection.exec('BEGIN IMMEDIATE')
    },
    attempt: async (_connection, statement) => statement(),
  }
  return { db: new Kysely<Schema>({ dialect: createSqliteDialect(source) }), calls, source }
}

await t.test('sqlite dialect binds booleans and undefined', async (t) => {
  const { db, calls } = open(t)
  const values = { id: 1, name: undefined as unknown as null, flag: true }
  const [result] = await db.insertInto('things').values(values).execute()
  t.match(result, { insertId: 1n, numInsertedOrUpdatedRows: 1n })
  const rows = await db.selectFrom('things').selectAll().where('flag', '=', true).execute()
  t.strictSame(rows, [{ id: 1, name: null, flag: 1 }], 'plain objects')
  t.strictSame(await db.selectFrom('things').selectAll().where('flag', '=', false).execute(), [])
  t.strictSame(calls.slice(0, 2), ['acquire', 'release'])
})

await t.test('sqlite dialect commits and rolls back through its source', async (t) => {
  const { db, calls } = open(t)
  const insert = (id: number) => ({ id, name: 'x', flag: 0 })
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('things').values(insert(1)).execute()
  })
  t.strictSame(calls, ['acquire', 'begin', 'release'])
  const failing = db.transaction().execute(async (trx) => {
    await trx.insertInto('things').values(insert(2)).execute()
    throw new Error('no')
  })
  await t.rejects(failing, { message: 'no' })
  t.strictSame(await db.selectFrom('things').select('id').execute(), [{ id: 1 }])
})

await t.test('sqlite dialect does not roll back what is rolled back already', async (t) => {
  const { db } = open(t)
  const failing = db.transaction().execute(async (trx) => {
    await sql`ROLLBACK`.execute(trx)
    throw new Error('the first error')
  })
  await t.rejects(failing, { message: 'the first error' })
})

await t.test('sqlite dialect has transactional DDL and no streams', async (t) => {
  const { db } = open(t)
  t.equal(db.getExecutor().adapter.supportsTransactionalDdl, true)
  const tables = await db.introspection.getTables()
  t.match(tables, [{ name: 'things' }])
  const stream = db.selectFrom('things').selectAll().stream()
  await t.rejects(stream.next(), { code: 'UNIMPLEMENTED', reason: 'stream_unsupported' })
  await db.destroy()
})

import { type Driver, Kysely } from 'kysely'
import t from 'tap'
import type { MysqlConnection } from '../../../src/repository/mysql/mysql-connection.js'
import {
  type ConnectionSource,
  createConnectionDriver,
  createMysqlDialect,
  createRunDriver,
  type MysqlFlavour,
} from '../../../src/repository/mysql/mysql-dialect.js'
import { mysqlLost } from '../../../src/repository/mysql/mysql-error.js'

interface Tables {
  notes: { id: number; text: string }
}

function kyselyOn(createDriver: () => Driver, flavour: MysqlFlavour = 'mariadb'): Kysely<Tables> {
  return new Kysely({ dialect: createMysqlDialect({ createDriver, flavour: () => flavour }) })
}

/** A connection that answers to what it is told and remembers what it was asked. */
function createFake(answer: (sql: string) => unknown = () => []) {
  const asked: string[] = []
  let destroyed = 0
  let released = 0
  const connection: MysqlConnection = {
    openedAt: 0,
    isBroken: false,
    query: async (sql) => {
      asked.push(sql)
      return answer(sql)
    },
    onBroken: () => undefined,
    destroy: () => {
      destroyed += 1
    },
  }
  const source: ConnectionSource = {
    acquire: async () => connection,
    release: () => {
      released += 1
    },
  }
  return {
    asked,
    db: kyselyOn(() => createConnectionDriver(source)),
    counts: () => ({ destroyed, released }),
  }
}

await t.test('mysql dialect makes every table compare byte by byte', async (t) => {
  for (const [flavour, collation] of [
    ['mariadb', 'utf8mb4_nopad_bin'],
    ['mysql', 'utf8mb4_0900_bin'],
  ] as const) {
    const db = kyselyOn(() => createRunDriver(async () => []), flavour)
    const { sql } = db.schema.createTable('notes').addColumn('id', 'integer').compile()
    t.equal(
      sql,
      'create table `notes` (`id` integer) ' +
        `engine = InnoDB default character set utf8mb4 collate ${collation}`,
    )
  }
})

await t.test('mysql dialect gives rows, counts and ids', async (t) => {
  const header = { affectedRows: 2, insertId: 7 }
  const fake = createFake((sql) => (/^select/.test(sql) ? [{ id: 1, text: 'a' }] : header))
  t.strictSame(await fake.db.selectFrom('notes').selectAll().execute(), [{ id: 1, text: 'a' }])
  t.match(await fake.db.insertInto('notes').values({ id: 7, text: 'b' }).executeTakeFirst(), {
    insertId: 7n,
    numInsertedOrUpdatedRows: 2n,
  })
  t.match(await fake.db.deleteFrom('notes').executeTakeFirst(), { numDeletedRows: 2n })
  t.strictSame(fake.counts(), { destroyed: 0, released: 3 })
})

await t.test('mysql dialect commits what returns and rolls back what throws', async (t) => {
  const fake = createFake()
  await fake.db.transaction().execute((tx) => tx.selectFrom('notes').select('id').execute())
  t.strictSame(fake.asked, ['begin', 'select `id` from `notes`', 'commit'])
  const failing = fake.db.transaction().execute(async () => {
    throw new RangeError('mine')
  })
  await t.rejects(failing, new RangeError('mine'))
  t.strictSame(fake.asked.slice(3), ['begin', 'rollback'])
  t.strictSame(fake.counts(), { destroyed: 0, released: 2 })
})

await t.test(
  'mysql dialect passes on what failed first, and cuts what cannot roll back',
  async (t) => {
    const fake = createFake((sql) => {
      if (sql === 'rollback') throw mysqlLost()
      return []
    })
    const failing = fake.db.transaction().execute(async () => {
      throw new RangeError('mine')
    })
    await t.rejects(failing, new RangeError('mine'))
    t.strictSame(fake.counts(), { destroyed: 1, released: 1 })
  },
)

await t.test('mysql dialect opens no transaction and no stream where it only reads', async (t) => {
  const db = kyselyOn(() => createRunDriver(async () => []))
  await t.rejects(
    db.transaction().execute(async () => undefined),
    { code: 'INTERNAL', reason: 'reader_transaction' },
  )
  await t.rejects(db.selectFrom('notes').selectAll().stream().next(), {
    code: 'UNIMPLEMENTED',
    reason: 'stream_unsupported',
  })
})

await t.test('mysql dialect waits for the migration lock of its database only', async (t) => {
  const asked: string[] = []
  let taken: number | null = 1
  const db = kyselyOn(() =>
    createRunDriver(async (sql) => {
      asked.push(sql)
      return [{ taken }]
    }),
  )
  const { adapter } = db.getExecutor()
  const options = { lockTable: '', lockRowId: '' }
  await adapter.acquireMigrationLock(db, options)
  await adapter.releaseMigrationLock(db, options)
  t.match(asked, [/get_lock\(concat\('gatehouse:', sha1\(database\(\)\)\), \?\)/, /release_lock/])
  for (taken of [0, null]) {
    await t.rejects(adapter.acquireMigrationLock(db, options), {
      code: 'UNAVAILABLE',
      reason: 'store_busy',
    })
  }
})

import { renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { createMigrator } from '../../src/repository/migrator.js'
import { openSqliteConnection } from '../../src/repository/sqlite-connection.js'
import { createSqliteSessionStore } from '../../src/repository/sqlite-session-store.js'
import { openSqliteStore, type SqliteStore } from '../../src/repository/sqlite-store.js'
import { createUserRepository } from '../../src/repository/user-repository.js'
import { waitFor } from '../helpers/wait-for.js'
import { openTestStore } from './open-test-store.js'
import { runFixture } from './run-fixture.js'

/** A store with one table of numbers. */
async function openNumbers(
  t: Test,
  options: { file?: string; busyTimeoutMs?: number } = {},
): Promise<SqliteStore> {
  const { file = join(t.testdir(), 'app.db'), busyTimeoutMs = 5000 } = options
  const store = openSqliteStore({ file, busyTimeoutMs, synchronous: 'normal' })
  t.teardown(() => store.close())
  await store.write((db) => db.exec('CREATE TABLE IF NOT EXISTS numbers (n INTEGER)'))
  return store
}

function add(store: SqliteStore, n: number): Promise<unknown> {
  return store.write((db) => db.prepare('INSERT INTO numbers VALUES (?)').run(n))
}

function numbers(store: SqliteStore): number[] {
  return store.read((db) =>
    db
      .prepare('SELECT n FROM numbers ORDER BY rowid')
      .all()
      .map((row) => Number(row['n'])),
  )
}

await t.test('sqlite store commits what returns and rolls back what throws', async (t) => {
  const store = await openNumbers(t)
  t.equal(
    await store.write((db) => {
      db.prepare('INSERT INTO numbers VALUES (1)').run()
      return 'result'
    }),
    'result',
  )
  const failing = store.write((db) => {
    db.prepare('INSERT INTO numbers VALUES (2)').run()
    throw new RangeError('mine')
  })
  await t.rejects(failing, { code: 'INTERNAL', cause: { message: 'mine' } })
  t.strictSame(numbers(store), [1])
})

await t.test('sqlite store takes no asynchronous work', async (t) => {
  const store = await openNumbers(t)
  const asynchronous = store.write(async (db) => {
    db.prepare('INSERT INTO numbers VALUES (1)').run()
  })
  await t.rejects(asynchronous, { code: 'INTERNAL', cause: { message: /must be synchronous/ } })
  t.strictSame(numbers(store), [])
})

await t.test('sqlite store writes within a microtask when nobody is before', async (t) => {
  const store = await openNumbers(t)
  const order: string[] = []
  const written = add(store, 1).then(() => order.push('written'))
  order.push('called')
  t.strictSame(numbers(store), [1], 'the work is done when the call returns')
  await Promise.resolve().then(() => order.push('microtask'))
  await written
  t.strictSame(order, ['called', 'written', 'microtask'])
})

await t.test('sqlite store lets writers wait for an open transaction, in order', async (t) => {
  const store = await openNumbers(t)
  let finish: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  let opened = false
  const transaction = store.db.transaction().execute(async (trx) => {
    await sql`INSERT INTO numbers VALUES (1)`.execute(trx)
    opened = true
    await held
    await sql`INSERT INTO numbers VALUES (2)`.execute(trx)
  })
  await waitFor('the transaction', () => opened)
  const writers = [
    add(store, 3),
    add(store, 4),
    sql`INSERT INTO numbers VALUES (5)`.execute(store.db),
  ]
  t.strictSame(numbers(store), [], 'a reader does not wait')
  t.strictSame((await sql`SELECT n FROM numbers`.execute(store.reader)).rows, [])
  finish()
  await Promise.all([transaction, ...writers])
  t.strictSame(numbers(store), [1, 2, 3, 4, 5])
})

await t.test('sqlite stores of one process on one file wait for each other', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const one = await openNumbers(t, { file })
  const two = await openNumbers(t, { file })
  let inserted = 0
  const transaction = one.db.transaction().execute(async (trx) => {
    for (let n = 0; n < 20; n += 1) {
      await sql`INSERT INTO numbers VALUES (${n})`.execute(trx)
      inserted += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  await waitFor('the first row', () => inserted > 0)
  await Promise.all([transaction, add(two, 99)])
  t.strictSame(numbers(two), [...Array.from({ length: 20 }, (_, n) => n), 99])
})

await t.test('sqlite store says busy when another process holds the lock', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const store = await openNumbers(t, { file, busyTimeoutMs: 30 })
  // A bare connection stands for the other process: it does not know of the gate.
  const other = openSqliteConnection(file, 10)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const busy = { code: 'UNAVAILABLE', reason: 'store_busy' }
  await t.rejects(add(store, 1), busy)
  await t.rejects(
    store.db.transaction().execute(async () => undefined),
    busy,
  )
  await t.rejects(sql`INSERT INTO numbers VALUES (1)`.execute(store.db), busy)
  t.strictSame(numbers(store), [], 'reading goes on')
  other.exec('ROLLBACK')
  await add(store, 2)
  t.strictSame(numbers(store), [2])
})

await t.test('sqlite store writes once the other process lets go', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const store = await openNumbers(t, { file })
  const other = openSqliteConnection(file, 10)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const writing = [add(store, 1), sql`INSERT INTO numbers VALUES (2)`.execute(store.db)]
  setTimeout(() => other.exec('ROLLBACK'), 20)
  await Promise.all(writing)
  t.strictSame(numbers(store), [1, 2])
})

await t.test('sqlite store maps what SQLite says', async (t) => {
  const store = await openNumbers(t)
  const internal = { code: 'INTERNAL', reason: 'internal' }
  t.throws(() => store.read((db) => db.prepare('SELECT * FROM nothing')), internal)
  t.throws(() => store.read((db) => db.exec('INSERT INTO numbers VALUES (1)')), {
    code: 'UNAVAILABLE',
  })
  await t.rejects(sql`SELECT * FROM nothing`.execute(store.db), internal)
  await t.rejects(
    store.reader.transaction().execute(async () => undefined),
    { code: 'INTERNAL', reason: 'reader_transaction' },
  )
})

await t.test('sqlite store tells a watch of every commit but the reads', async (t) => {
  const store = await openNumbers(t)
  const watch = store.openWatch()
  const before = watch.dataVersion()
  numbers(store)
  t.equal(watch.dataVersion(), before)
  await add(store, 1)
  t.not(watch.dataVersion(), before)
  t.same(
    watch.read((db) => db.prepare('SELECT n FROM numbers').get()),
    { n: 1 },
  )
  t.throws(() => watch.read((db) => db.prepare('SELECT * FROM nothing')), { code: 'INTERNAL' })
  watch.close()
  watch.close()
  t.throws(() => watch.dataVersion(), { code: 'INTERNAL' })
})

await t.test('sqlite store closes once, in turn, and leaves all in one file', async (t) => {
  const store = await openNumbers(t)
  const watch = store.openWatch()
  const last = Promise.all([add(store, 1), add(store, 2)])
  const closing = store.close()
  t.equal(store.close(), closing)
  await Promise.all([last, closing])
  const closed = { code: 'UNAVAILABLE', reason: 'store_closed' }
  await t.rejects(add(store, 3), closed)
  t.throws(() => numbers(store), closed)
  t.throws(() => store.openWatch(), closed)
  t.throws(() => watch.dataVersion(), { code: 'INTERNAL' })
  await t.rejects(sql`SELECT 1`.execute(store.db), closed)
  await t.rejects(sql`SELECT 1`.execute(store.reader), closed)
  await t.rejects(store.reopenIfReplaced(), closed)
  t.equal(statSync(`${store.file}-wal`, { throwIfNoEntry: false })?.size ?? 0, 0)
  t.strictSame(numbers(await openNumbers(t, { file: store.file })), [1, 2])
})

await t.test('sqlite store closes although a transaction does not end', async (t) => {
  const store = await openNumbers(t, { busyTimeoutMs: 20 })
  let opened = false
  let finish: () => void = () => undefined
  const transaction = store.db.transaction().execute(async (trx) => {
    await sql`INSERT INTO numbers VALUES (1)`.execute(trx)
    opened = true
    await new Promise<void>((resolve) => {
      finish = resolve
    })
  })
  await waitFor('the transaction', () => opened)
  await store.close()
  finish()
  await t.rejects(transaction, { code: 'UNAVAILABLE', reason: 'store_closed' })
  t.strictSame(numbers(await openNumbers(t, { file: store.file })), [])
})

await t.test(
  'sqlite store lets an open transaction end, and nothing begin, on close',
  async (t) => {
    const store = await openNumbers(t)
    let opened = false
    let finish: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const transaction = store.db.transaction().execute(async (trx) => {
      opened = true
      await held
      await sql`INSERT INTO numbers VALUES (1)`.execute(trx)
    })
    await waitFor('the transaction', () => opened)
    const closing = store.close()
    await t.rejects(add(store, 2), { code: 'UNAVAILABLE', reason: 'store_closed' })
    finish()
    await Promise.all([transaction, closing])
    t.strictSame(numbers(await openNumbers(t, { file: store.file })), [1])
  },
)

await t.test('sqlite store follows a file that was replaced', async (t) => {
  const dir = t.testdir()
  const backup = await openNumbers(t, { file: join(dir, 'backup.db') })
  await add(backup, 7)
  await backup.close()
  const store = await openNumbers(t, { file: join(dir, 'app.db') })
  await add(store, 1)
  t.equal(await store.reopenIfReplaced(), false)
  renameSync(join(dir, 'app.db'), join(dir, 'old.db'))
  t.equal(await store.reopenIfReplaced(), false, 'missing is not replaced')
  for (const end of ['-wal', '-shm'])
    renameSync(join(dir, `app.db${end}`), join(dir, `old.db${end}`))
  renameSync(join(dir, 'backup.db'), join(dir, 'app.db'))
  t.equal(await store.reopenIfReplaced(), true)
  t.strictSame(numbers(store), [7])
  await add(store, 8)
  t.strictSame(numbers(store), [7, 8])
  t.equal(await store.reopenIfReplaced(), false)
})

await t.test('sqlite store loses nothing acknowledged when its process is killed', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const writer = runFixture(t, 'store-writer.js', ['endless', file, 'user'])
  await waitFor('300 acknowledged writes', () => writer.lines.length >= 300, 30_000)
  writer.signal('SIGKILL')
  const { signal, stderr } = await writer.ended
  t.equal(signal, 'SIGKILL', stderr)
  const store = await openTestStore(t, file)
  const users = createUserRepository(store)
  const sessions = createSqliteSessionStore({ store })
  const lost: string[] = []
  for (const line of writer.lines) {
    const [what, id = ''] = line.split(' ')
    const found =
      what === 'user'
        ? (await users.findByUsername(id)) !== null
        : (await sessions.check(id, 0)).alive
    if (!found) lost.push(line)
  }
  t.strictSame(lost, [], `of ${writer.lines.length}`)
  const orphans = store.read((db) =>
    db.prepare('SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM audit_events)').all(),
  )
  t.strictSame(orphans, [], 'no transaction came in half')
  t.same(
    store.read((db) => db.prepare('PRAGMA integrity_check').get()),
    { integrity_check: 'ok' },
  )
})

await t.test('sqlite store takes 2,000 writes each of two processes', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const writers = ['a', 'b'].map((name) =>
    runFixture(t, 'store-writer.js', ['count', file, name, '2000']),
  )
  for (const { code, stderr } of await Promise.all(writers.map(({ ended }) => ended))) {
    t.equal(code, 0, stderr)
  }
  const store = await openTestStore(t, file)
  for (const table of ['users', 'sessions', 'audit_events']) {
    t.same(
      store.read((db) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()),
      { n: 2000 },
      table,
    )
  }
})

await t.test('sqlite store keeps a session limit across processes', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const signIns = ['a', 'b'].map((name) =>
    runFixture(t, 'store-writer.js', ['limit', file, name, '100']),
  )
  for (const { code, stderr } of await Promise.all(signIns.map(({ ended }) => ended))) {
    t.equal(code, 0, stderr)
  }
  const store = await openTestStore(t, file)
  t.strictSame((await createMigrator(store).status()).pending, [])
  t.same(
    store.read((db) =>
      db
        .prepare(
          'SELECT (SELECT count(*) FROM sessions) AS live, ' +
            "(SELECT count(*) FROM ended_sessions WHERE reason = 'session_limit') AS ended",
        )
        .get(),
    ),
    { live: 3, ended: 197 },
  )
})

import { join } from 'node:path'
import t from 'tap'
import { openSqliteConnection } from '../../src/repository/sqlite-connection.js'

await t.test('sqlite connection keeps statements by their text', async (t) => {
  const connection = openSqliteConnection(join(t.testdir(), 'a.db'), 100)
  t.teardown(() => connection.close())
  connection.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)')
  const insert = connection.prepare('INSERT INTO t (name) VALUES (?)')
  t.equal(connection.prepare('INSERT INTO t (name) VALUES (?)'), insert)
  t.equal(insert.returnsRows, false)
  t.match(insert.run('ann'), { changes: 1, lastInsertRowid: 1 })
  const select = connection.prepare('SELECT * FROM t')
  t.equal(select.returnsRows, true)
  t.same(select.get(), { id: 1, name: 'ann' })
  t.same(select.all(), [{ id: 1, name: 'ann' }])
  t.same(select.values(), [1, 'ann'])
  t.same(select.get(), { id: 1, name: 'ann' }, 'names stay for who asks for them')
  t.equal(connection.prepare('SELECT 1 FROM t WHERE id = ?').values(9), undefined)
  t.equal(connection.prepare('SELECT 1 FROM t WHERE id = 9').get(), undefined)
})

await t.test('sqlite connection forgets the oldest statement when it has many', async (t) => {
  const connection = openSqliteConnection(join(t.testdir(), 'a.db'), 100)
  t.teardown(() => connection.close())
  const first = connection.prepare('SELECT -1 AS n')
  const second = connection.prepare('SELECT -2 AS n')
  for (let n = 0; n < 255; n += 1) connection.prepare(`SELECT ${n} AS n`)
  t.not(connection.prepare('SELECT -1 AS n'), first)
  t.not(connection.prepare('SELECT -2 AS n'), second)
  t.equal(connection.prepare('SELECT 254 AS n'), connection.prepare('SELECT 254 AS n'))
})

await t.test('sqlite connection tells about its transaction and closes twice', async (t) => {
  const file = join(t.testdir(), 'a.db')
  const connection = openSqliteConnection(file, 100)
  t.equal(connection.isTransaction, false)
  const kept = connection.prepare('BEGIN IMMEDIATE')
  kept.run()
  t.equal(connection.isTransaction, true)
  connection.close()
  connection.close()
  t.equal(connection.isTransaction, false)
  const next = openSqliteConnection(file, 0)
  t.teardown(() => next.close())
  next.exec('BEGIN IMMEDIATE')
  t.throws(() => kept.run(), { message: 'Database connection is closed' })
})

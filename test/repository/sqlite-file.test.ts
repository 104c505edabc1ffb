import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteConnection } from '../../src/repository/sqlite-connection.js'
import {
  ensureSqliteFile,
  identifyFile,
  openReader,
  openWriter,
  type SqliteFileOptions,
} from '../../src/repository/sqlite-file.js'

function options(t: Test): SqliteFileOptions {
  const file = ensureSqliteFile(join(t.testdir(), 'app.db'))
  return { file, busyTimeoutMs: 20, synchronous: 'full' }
}

await t.test('ensure makes folder and file for their owner only', async (t) => {
  const dir = t.testdir()
  const file = join(dir, 'deep', 'data', 'app.db')
  t.equal(ensureSqliteFile(file), file)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal(statSync(join(dir, 'deep', 'data')).mode & 0o777, 0o700)
  t.equal(ensureSqliteFile(file), file, 'twice')
})

await t.test('ensure names the path that cannot be made', async (t) => {
  const dir = t.testdir({ file: 'text' })
  t.throws(() => ensureSqliteFile(join(dir, 'file', 'app.db')), {
    code: 'UNAVAILABLE',
    reason: 'store_unavailable',
    message: /file\/app\.db cannot be opened/,
  })
})

await t.test('identify follows the file at the path', async (t) => {
  const dir = t.testdir({ a: 'a', b: 'b' })
  const before = identifyFile(join(dir, 'a'))
  t.type(before, 'string')
  renameSync(join(dir, 'b'), join(dir, 'a'))
  t.not(identifyFile(join(dir, 'a')), before)
  t.equal(identifyFile(join(dir, 'b')), null)
})

await t.test('writer has its settings', async (t) => {
  const writer = openWriter(options(t), 5)
  t.teardown(() => writer.close())
  const pragma = (name: string) => Object.values(writer.prepare(`PRAGMA ${name}`).get() ?? {})[0]
  t.equal(pragma('journal_mode'), 'wal')
  t.equal(pragma('synchronous'), 2)
  t.equal(pragma('foreign_keys'), 1)
  t.equal(pragma('busy_timeout'), 5)
  t.equal(pragma('trusted_schema'), 0)
})

await t.test('reader refuses to write and sees each commit', async (t) => {
  const settings = options(t)
  const writer = openWriter({ ...settings, synchronous: 'normal' }, 5)
  t.teardown(() => writer.close())
  const reader = openReader(settings)
  t.teardown(() => reader.close())
  writer.exec('CREATE TABLE t (n)')
  t.throws(() => reader.exec('INSERT INTO t VALUES (1)'), {
    message: 'attempt to write a readonly database',
  })
  writer.exec('INSERT INTO t VALUES (1)')
  t.same(reader.prepare('SELECT count(*) AS n FROM t').get(), { n: 1 })
  writer.exec('INSERT INTO t VALUES (2)')
  t.same(reader.prepare('SELECT count(*) AS n FROM t').get(), { n: 2 })
})

await t.test('opening names the file that is no database', async (t) => {
  const settings = options(t)
  writeFileSync(settings.file, 'This is a letter to my aunt, not a database.'.repeat(40))
  t.throws(() => openWriter(settings, 5), {
    code: 'FAILED_PRECONDITION',
    reason: 'store_invalid',
    message: `The file ${settings.file} is not a database or is damaged.`,
  })
})

await t.test('opening names the file that cannot be opened', async (t) => {
  const file = join(t.testdir(), 'folder')
  mkdirSync(file)
  t.throws(() => openReader({ file, busyTimeoutMs: 20, synchronous: 'normal' }), {
    code: 'UNAVAILABLE',
    reason: 'store_unavailable',
    message: /folder cannot be opened/,
  })
})

await t.test('opening waits for who holds the whole file, and not for ever', async (t) => {
  const settings = options(t)
  const holder = openSqliteConnection(settings.file, 20)
  t.teardown(() => holder.close())
  holder.exec('BEGIN EXCLUSIVE')
  t.throws(() => openWriter(settings, 5), { code: 'UNAVAILABLE', reason: 'store_busy' })
  holder.exec('ROLLBACK')
  openWriter(settings, 5).close()
})

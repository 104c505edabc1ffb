import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openCommitMark } from '../../src/repository/commit-mark.js'
import { openSqliteConnection } from '../../src/repository/sqlite-connection.js'
import { openTestStore } from './open-test-store.js'

const WRITE = 'INSERT INTO ended_sessions VALUES (?, ?, ?, ?)'

await t.test('mark tells of commits of this process, at once and once', async (t) => {
  const store = await openTestStore(t)
  const mark = openCommitMark(store.file)
  t.equal(mark.ask(), 'unknown', 'there is nothing to compare with yet')
  t.equal(mark.ask(), 'same')
  store.read((db) => db.prepare('SELECT count(*) FROM sessions').get())
  t.equal(mark.ask(), 'same', 'a read commits nothing')
  for (let i = 0; i < 100; i += 1) {
    await store.write((db) => db.prepare(WRITE).run(`id-${i}`, 'user', 'expired', 0))
    t.equal(mark.ask(), 'committed')
    t.equal(mark.ask(), 'same')
  }
  await t.rejects(
    store.write(() => {
      throw new Error('rolled back')
    }),
  )
  t.equal(mark.ask(), 'same', 'what was rolled back never happened')
})

await t.test('mark tells of commits of other connections and processes', async (t) => {
  const store = await openTestStore(t)
  const mark = openCommitMark(store.file)
  mark.ask()
  const other = openSqliteConnection(store.file, 5000)
  t.teardown(() => other.close())
  other.prepare(WRITE).run('other-connection', 'user', 'expired', 0)
  t.equal(mark.ask(), 'committed')
  const script = `
    const { DatabaseSync } = require('@photostructure/sqlite')
    const database = new DatabaseSync(process.argv[1])
    database.exec("INSERT INTO ended_sessions VALUES ('other-process', 'user', 'expired', 0)")
    database.close()`
  execFileSync(process.execPath, ['-e', script, store.file])
  t.equal(mark.ask(), 'committed')
  t.equal(mark.ask(), 'same')
})

await t.test('mark tells of a commit that follows the emptying of the log', async (t) => {
  const store = await openTestStore(t)
  const mark = openCommitMark(store.file)
  for (let i = 0; i < 5; i += 1) {
    await store.write((db) => db.prepare(WRITE).run(`id-${i}`, 'user', 'expired', 0))
    mark.ask()
    const checkpoint = openSqliteConnection(store.file, 5000)
    checkpoint.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    checkpoint.close()
    mark.ask()
    await store.write((db) => db.prepare(WRITE).run(`again-${i}`, 'user', 'expired', 0))
    t.equal(mark.ask(), 'committed')
  }
})

await t.test('mark cannot tell anything of a file without an index', async (t) => {
  const dir = t.testdir()
  const mark = openCommitMark(join(dir, 'missing.db'))
  t.equal(mark.ask(), 'unknown')
  t.equal(mark.ask(), 'unknown')
})

await t.test('marks of one file share one descriptor, which is never closed', async (t) => {
  const store = await openTestStore(t)
  openCommitMark(store.file)
  const before = countDescriptors(`${store.file}-shm`)
  openCommitMark(store.file)
  t.equal(countDescriptors(`${store.file}-shm`), before)
  // The locks of SQLite are those of the process: one that was dropped would let a foreigner in.
  const other = openSqliteConnection(store.file, 0)
  t.teardown(() => other.close())
  await store.write(() => {
    t.throws(() => other.exec('BEGIN IMMEDIATE'), { message: /locked/ })
  })
})

function countDescriptors(path: string): number {
  const names = readdirSync('/proc/self/fd')
  return names.filter((name) => linkOf(name) === path).length
}

function linkOf(name: string): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${name}`)
  } catch {
    return null
  }
}

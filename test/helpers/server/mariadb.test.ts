import { existsSync } from 'node:fs'
import { createConnection } from 'mysql2/promise'
import t, { type Test } from 'tap'
import { waitFor } from '../wait-for.js'
import { sharedMariaDb, sharedMariaDbPair, startMariaDb, startMariaDbPair } from './mariadb.js'
import { processState } from './process-folder.js'
import { skipUnless } from './service-binary.js'

const options = { skip: skipUnless('mariadb') }

/** Runs statements one after the other as the application, and gives the rows of the last. */
async function runAt(t: Test, url: string, ...statements: string[]): Promise<unknown> {
  const connection = await createConnection({ uri: url })
  connection.on('error', () => undefined)
  t.teardown(() => connection.destroy())
  let rows: unknown
  for (const statement of statements) [rows] = await connection.query(statement)
  return rows
}

const CREATE = 'CREATE TABLE note (id INT PRIMARY KEY, text VARCHAR(20)) ENGINE=InnoDB'

await t.test('callers of the shared server have databases of their own', options, async (t) => {
  const [first, second] = [await sharedMariaDb(), await sharedMariaDb()]
  t.same(first.endpoint, second.endpoint)
  const [mine, yours] = await Promise.all([first.createDatabase(), second.createDatabase()])
  t.not(mine.name, yours.name)
  await runAt(t, mine.url, CREATE, `INSERT INTO note VALUES (1, 'grüße 👋')`)
  t.same(await runAt(t, mine.url, 'SELECT text FROM note'), [{ text: 'grüße 👋' }])
  t.same(await runAt(t, yours.url, 'SHOW TABLES'), [])
  t.equal(mine.url, first.url(mine.name))
  const named = await first.createDatabase(`${mine.name}_b`)
  t.equal(named.name, `${mine.name}_b`)
  await t.rejects(first.createDatabase(named.name), { code: 'ER_DB_CREATE_EXISTS' })
  await t.rejects(first.createDatabase('a`b'), { message: 'unfit as a database name: a`b' })
})

await t.test('acknowledged writes survive kill and restart', options, async (t) => {
  const db = await startMariaDb(t)
  const { url } = await db.createDatabase()
  await runAt(t, url, CREATE)
  const writer = await createConnection({ uri: url })
  writer.on('error', () => undefined)
  t.teardown(() => writer.destroy())
  let acknowledged = 0
  const writing = (async () => {
    for (let id = 1; ; id += 1) {
      await writer.query(`INSERT INTO note VALUES (${id}, 'x')`)
      acknowledged = id
    }
  })()
  const lost = t.rejects(writing, { message: /closed|ECONNRESET|EPIPE/ })
  await waitFor('some writes', () => acknowledged >= 20)
  const before = db.pid()
  await db.kill()
  await lost
  t.equal(await processState(before ?? 0), null)
  await t.rejects(db.query('SELECT 1'), { code: 'ECONNREFUSED' })

  await db.restart()
  t.not(db.pid(), before)
  const [row] = (await runAt(t, url, 'SELECT COUNT(*) AS count FROM note')) as { count: number }[]
  t.ok((row?.count ?? 0) >= acknowledged, `${row?.count} of ${acknowledged} acknowledged`)
})

await t.test('stop, restart, pause and close', options, async (t) => {
  const db = await startMariaDb()
  await db.stop()
  t.equal(db.pid(), null)
  await db.restart()
  t.same(await db.query('SELECT 1 AS one'), [{ one: 1 }])
  t.same(await db.query('DO 1'), [], 'a statement without rows')

  await db.pause()
  let isAnswered = false
  const answer = db.query('SELECT 2 AS two').then((rows) => {
    isAnswered = true
    return rows
  })
  t.equal(await processState(db.pid() ?? 0), 'T')
  t.equal(isAnswered, false)
  db.resume()
  t.same(await answer, [{ two: 2 }])

  const pid = db.pid() ?? 0
  await db.close()
  t.equal(await processState(pid), null)
  t.equal(existsSync(db.folder), false)
  await db.close()
})

await t.test('a replica follows by GTID and refuses writes', options, async (t) => {
  const pair = await sharedMariaDbPair()
  const { name, primaryUrl, replicaUrls } = await pair.createDatabase()
  const [replicaUrl = ''] = replicaUrls
  await runAt(t, primaryUrl, CREATE, `INSERT INTO note VALUES (1, 'one')`)
  await pair.synced()
  t.same(await runAt(t, replicaUrl, 'SELECT text FROM note'), [{ text: 'one' }])
  await t.rejects(runAt(t, replicaUrl, `INSERT INTO note VALUES (2, 'two')`), {
    code: 'ER_OPTION_PREVENTS_STATEMENT',
  })
  const [status] = (await pair.replicas[0]?.query('SHOW SLAVE STATUS')) ?? []
  t.equal(status?.['Using_Gtid'], 'Slave_Pos')
  t.match(primaryUrl, new RegExp(`/${name}$`))
})

await t.test('replicas can be made to lag behind', options, async (t) => {
  const pair = await startMariaDbPair(t, { replicas: 2 })
  t.equal(pair.replicas.length, 2)
  t.equal(pair.replica.port, pair.replicas[0]?.port)
  const { primaryUrl, replicaUrls } = await pair.createDatabase()
  await runAt(t, primaryUrl, CREATE)
  await pair.synced()
  await pair.lagBehind()
  await runAt(t, primaryUrl, `INSERT INTO note VALUES (1, 'one')`)
  for (const url of replicaUrls) t.same(await runAt(t, url, 'SELECT * FROM note'), [])
  await pair.followPrimary()
  await pair.synced()
  for (const url of replicaUrls) {
    t.same(await runAt(t, url, 'SELECT text FROM note'), [{ text: 'one' }])
  }
})

await t.test(
  'replication goes on after the primary and the replica were killed',
  options,
  async (t) => {
    const pair = await startMariaDbPair(t)
    const { primaryUrl, replicaUrls } = await pair.createDatabase()
    const [replicaUrl = ''] = replicaUrls
    await runAt(t, primaryUrl, CREATE, `INSERT INTO note VALUES (1, 'one')`)
    await pair.synced()

    await pair.primary.kill()
    t.same(await runAt(t, replicaUrl, 'SELECT id FROM note'), [{ id: 1 }], 'reads go on')
    await pair.primary.restart()
    await runAt(t, primaryUrl, `INSERT INTO note VALUES (2, 'two')`)
    await pair.synced()

    await pair.replica.kill()
    await runAt(t, primaryUrl, `INSERT INTO note VALUES (3, 'three')`)
    await pair.replica.restart()
    await pair.synced()
    t.same(await runAt(t, replicaUrl, 'SELECT id FROM note ORDER BY id'), [
      { id: 1 },
      { id: 2 },
      { id: 3 },
    ])

    const pids = [pair.primary.pid() ?? 0, pair.replica.pid() ?? 0]
    await pair.close()
    for (const pid of pids) t.equal(await processState(pid), null)
  },
)

import t, { type Test } from 'tap'
import { parseMysqlUrl } from '../../../src/repository/mysql/mysql-endpoint.js'
import { MysqlGroup } from '../../../src/repository/mysql/mysql-group.js'
import { MysqlServer } from '../../../src/repository/mysql/mysql-server.js'
import { sharedMariaDb } from '../../helpers/server/mariadb.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { startTcpProxy } from '../../helpers/server/tcp-proxy.js'
import { waitFor } from '../../helpers/wait-for.js'
import { emptyPair, emptySingle, mysqlOptions, type MysqlUrls } from './open-test-mysql.js'

const skip = skipUnless('mariadb')
const unavailable = { code: 'UNAVAILABLE', reason: 'store_unavailable' }
const WINDOW_MS = 2_000
const READ = 'select @@port as port'

function openGroup(t: Test, urls: MysqlUrls): MysqlGroup {
  const server = (url: string) => new MysqlServer(parseMysqlUrl(url), mysqlOptions(urls))
  const group = new MysqlGroup({
    primary: server(urls.url),
    replicas: urls.replicaUrls.map(server),
    readYourWritesMs: WINDOW_MS,
    probeIntervalMs: 20,
    readTimeoutMs: 3_000,
  })
  t.teardown(() => group.close())
  return group
}

/** `latest` stands for a read of what is newest, null for one of whom is not known what it is about. */
async function portRead(group: MysqlGroup, userId: string | null): Promise<number> {
  const subject =
    userId === 'latest'
      ? ({ kind: 'latest' } as const)
      : userId === null
        ? ({ kind: 'anybody' } as const)
        : ({ kind: 'user', userId } as const)
  const [row] = (await group.read(subject, READ, [])) as { port: number }[]
  return row?.port ?? 0
}

await t.test('mysql group', { skip }, async (t) => {
  await t.test('knows nothing before its start', async (t) => {
    const group = openGroup(t, await emptyPair())
    t.throws(() => group.flavour, unavailable)
    t.throws(() => group.check(), unavailable)
    await t.rejects(portRead(group, null), unavailable)
  })

  await t.test('gives up at once what waiting does not heal', async (t) => {
    const { url } = await emptySingle()
    for (const [hopeless, why] of [
      [url.replace(/\/[^/]*$/, '/no_such_house'), /ER_BAD_DB_ERROR|ER_DBACCESS_DENIED_ERROR/],
      [url.replace(/:[^:@]*@/, ':hunter2@'), /ER_ACCESS_DENIED_ERROR/],
    ] as const) {
      const group = openGroup(t, { url: hopeless, replicaUrls: [] })
      const starting = group.start(3_600_000)
      await t.rejects(starting, {
        code: 'FAILED_PRECONDITION',
        reason: 'store_refused',
        message: why,
      })
      const error: unknown = await starting.catch((thrown: unknown) => thrown)
      t.notMatch(String(error), /hunter2/)
    }
  })

  await t.test('sends a read where it sees what it must', async (t) => {
    const urls = await emptyPair()
    const group = openGroup(t, urls)
    await group.start(5_000)
    t.equal(group.flavour, 'mariadb')
    const primary = parseMysqlUrl(urls.url).port
    const replica = parseMysqlUrl(urls.replicaUrls[0] ?? '').port
    await waitFor('the replica is in use', async () => (await portRead(group, 'ann')) === replica)
    t.equal(await portRead(group, null), replica)
    t.equal(await portRead(group, 'latest'), primary)

    group.noteWrite(['ann'])
    t.equal(await portRead(group, 'ann'), primary, 'who wrote')
    t.equal(await portRead(group, 'bob'), replica, 'who did not')
    t.equal(await portRead(group, null), primary, 'of whom is not known what it is about')
    await waitFor('the window is over', async () => (await portRead(group, 'ann')) === replica)

    group.noteWrite(null)
    t.equal(await portRead(group, 'bob'), primary, 'a write that may concern everybody')
    await waitFor('the window is over', async () => (await portRead(group, 'bob')) === replica)
    t.equal(await portRead(group, null), replica)
  })

  await t.test('takes no server for a replica that is none', async (t) => {
    const { primaryUrl } = { primaryUrl: (await emptyPair()).url }
    const { url: stranger } = await emptySingle()
    const group = openGroup(t, { url: primaryUrl, replicaUrls: [stranger] })
    await group.start(5_000)
    const { port } = parseMysqlUrl(primaryUrl)
    for (let read = 0; read < 20; read += 1) t.equal(await portRead(group, 'ann'), port)
  })

  await t.test('reads once more when the connection of a single server was lost', async (t) => {
    const { url } = await emptySingle()
    const group = openGroup(t, { url, replicaUrls: [] })
    await group.start(5_000)
    const latest = { kind: 'latest' } as const
    for (const subject of [latest, { kind: 'user', userId: 'ann' } as const]) {
      const [row] = (await group.read(subject, 'select connection_id() as id', [])) as {
        id: number
      }[]
      const slow = group.read(subject, 'select sleep(0.5) as slept', [])
      await (await sharedMariaDb()).query(`KILL ${row?.id ?? 0}`)
      t.match(await slow, [{ slept: 0 }])
    }
    await t.rejects(group.read(latest, 'select * from nothing_here', []), {
      code: 'INTERNAL',
      cause: { errno: 1146 },
    })
  })

  await t.test('is of use as long as anything can be read', async (t) => {
    const urls = await emptyPair()
    const target = parseMysqlUrl(urls.url)
    const proxy = await startTcpProxy({ target })
    t.teardown(() => proxy.close())
    const url = urls.url.replace(`:${target.port}/`, `:${proxy.port}/`)
    const group = openGroup(t, { ...urls, url })
    const alone = openGroup(t, { url, replicaUrls: [] })
    await Promise.all([group.start(5_000), alone.start(5_000)])
    const replica = parseMysqlUrl(urls.replicaUrls[0] ?? '').port
    await waitFor('the replica is in use', async () => (await portRead(group, 'ann')) === replica)
    await proxy.cut()
    await waitFor('the primary is left out', () => !group.primary.isUp && !alone.primary.isUp)
    group.check()
    t.equal(await portRead(group, 'ann'), replica)
    await t.rejects(portRead(group, 'latest'), unavailable)
    t.throws(() => alone.check(), unavailable)
    await t.rejects(portRead(alone, 'ann'), unavailable)
    await proxy.restore()
    await waitFor('the primary is back', () => group.primary.isUp && alone.primary.isUp)
    t.equal(await portRead(group, 'latest'), target.port)
  })

  await t.test('closes twice, and opens nothing after', async (t) => {
    const group = openGroup(t, await emptyPair())
    await group.start(5_000)
    await Promise.all([group.close(), group.close()])
    await t.rejects(portRead(group, null), { code: 'UNAVAILABLE' })
  })
})

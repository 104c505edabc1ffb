import t, { type Test } from 'tap'
import { parseMysqlUrl } from '../../../src/repository/mysql/mysql-endpoint.js'
import { MysqlServer } from '../../../src/repository/mysql/mysql-server.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { startTcpProxy } from '../../helpers/server/tcp-proxy.js'
import { emptySingle, mysqlOptions } from './open-test-mysql.js'

const skip = skipUnless('mariadb')
const unavailable = { code: 'UNAVAILABLE', reason: 'store_unavailable' }

async function openServer(t: Test) {
  const urls = await emptySingle()
  const logger = createMemoryLogger()
  const endpoint = parseMysqlUrl(urls.url)
  const proxy = await startTcpProxy({ target: endpoint })
  t.teardown(() => proxy.close())
  const server = new MysqlServer(
    { ...endpoint, host: proxy.host, port: proxy.port },
    mysqlOptions(urls, { logger }),
  )
  t.teardown(() => server.close())
  return { server, logger, proxy }
}

await t.test('mysql server', { skip }, async (t) => {
  await t.test('refuses at once while it is known to be down', async (t) => {
    const { server, proxy } = await openServer(t)
    t.equal(server.isUp, false)
    await t.rejects(server.acquire(), unavailable)
    await t.rejects(server.run('select 1', [], 1_000), unavailable)
    t.equal(proxy.counts().accepted, 0)
  })

  await t.test('runs statements on its pool, and asks on a connection apart', async (t) => {
    const { server, proxy } = await openServer(t)
    t.strictSame(await server.ask('select ? as one', [1]), { one: 1 })
    t.strictSame(await server.ask('select 1 from dual where false'), {})
    t.equal(proxy.counts().accepted, 1)
    server.setUp(true)
    t.strictSame(await server.run('select ? as one', [1], 1_000), [{ one: 1 }])
    t.strictSame(await server.run('select 2 as two', [], 1_000), [{ two: 2 }])
    t.equal(proxy.counts().accepted, 2)
    server.trim()
    const connection = await server.acquire()
    server.release(connection)
  })

  await t.test('keeps all of a statement within what the caller has left', async (t) => {
    const { server } = await openServer(t)
    server.setUp(true)
    await t.rejects(server.run('select sleep(20)', [], 300), {
      ...unavailable,
      cause: { code: 'QUERY_TIMEOUT' },
    })
  })

  await t.test('asks anew after its connection for questions was lost', async (t) => {
    const { server, proxy } = await openServer(t)
    await server.ask('select 1 as one')
    await proxy.cut()
    await t.rejects(server.ask('select 1 as one'), unavailable)
    await proxy.restore()
    t.strictSame(await server.ask('select 1 as one'), { one: 1 })
  })

  await t.test('says once on the log when it changes', async (t) => {
    const { server, logger } = await openServer(t)
    server.setUp(true)
    server.setUp(true)
    server.setUp(false, 'ECONNREFUSED')
    server.setUp(false)
    const { address } = server
    t.strictSame(logger.lines, [
      { level: 'info', fields: { server: address }, message: 'MySQL server in use' },
      {
        level: 'warn',
        fields: { server: address, why: 'ECONNREFUSED' },
        message: 'MySQL server left out',
      },
    ])
  })

  await t.test('opens nothing after it was closed', async (t) => {
    const { server, proxy } = await openServer(t)
    await server.close()
    await t.rejects(server.acquire(), { code: 'UNAVAILABLE', reason: 'store_closed' })
    await t.rejects(server.ask('select 1'), { code: 'UNAVAILABLE', reason: 'store_closed' })
    server.setUp(true)
    t.equal(server.isUp, false)
    t.equal(proxy.counts().accepted, 0)
  })
})

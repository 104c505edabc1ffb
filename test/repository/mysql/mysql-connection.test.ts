import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  assertVerifiable,
  type MysqlConnection,
  type MysqlConnectionOptions,
  openMysqlConnection,
} from '../../../src/repository/mysql/mysql-connection.js'
import { parseMysqlUrl } from '../../../src/repository/mysql/mysql-endpoint.js'
import { isTimeout } from '../../../src/repository/mysql/mysql-error.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { createSelfSigned } from '../../helpers/self-signed.js'
import { sharedMariaDb, startMariaDb } from '../../helpers/server/mariadb.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { startTcpProxy } from '../../helpers/server/tcp-proxy.js'

const skip = skipUnless('mariadb')
const unavailable = { code: 'UNAVAILABLE', reason: 'store_unavailable' }

async function optionsOf(
  overrides: Partial<MysqlConnectionOptions> = {},
): Promise<MysqlConnectionOptions & { logger: ReturnType<typeof createMemoryLogger> }> {
  const { url } = await (await sharedMariaDb()).createDatabase()
  return {
    endpoint: parseMysqlUrl(url),
    connectTimeoutMs: 5_000,
    queryTimeoutMs: 5_000,
    ...overrides,
    logger: createMemoryLogger(),
  }
}

async function open(t: Test, options: MysqlConnectionOptions): Promise<MysqlConnection> {
  const connection = await openMysqlConnection(options)
  t.teardown(() => connection.destroy())
  return connection
}

await t.test('mysql connection', { skip }, async (t) => {
  await t.test('has settings of its own, whatever the server has', async (t) => {
    const connection = await open(t, await optionsOf())
    const rows = await connection.query(
      `select @@time_zone as zone, @@character_set_client as client, @@collation_connection as collation,
        @@sql_mode as mode, @@innodb_lock_wait_timeout as wait, @@autocommit as autocommit,
        @@tx_isolation as isolation`,
      [],
    )
    t.match(rows, [
      {
        zone: '+00:00',
        client: 'utf8mb4',
        collation: 'utf8mb4_bin',
        mode: 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
        wait: 2,
        autocommit: 1,
        isolation: 'READ-COMMITTED',
      },
    ])
  })

  await t.test('takes every value as a value', async (t) => {
    const connection = await open(t, await optionsOf())
    const values = ["'; drop table users; --", '\\', "\\'", '"', '\0\n\r\x1a', '🙂 é', '%_', '']
    for (const value of values) {
      t.strictSame(await connection.query('select ? as value', [value]), [{ value }], value)
    }
    t.strictSame(await connection.query('select ? as value', [null]), [{ value: null }])
    t.strictSame(await connection.query('select ? as value', [1_767_225_600_000]), [
      { value: 1_767_225_600_000 },
    ])
    const [row] = (await connection.query('select ? as value', [{ a: '1' }])) as object[]
    t.strictSame(row, { value: '[object Object]' }, 'an object is no list of assignments')
    await t.rejects(connection.query('select 1; select 2', []), { code: 'INTERNAL' })
  })

  await t.test('tells the log the text and the time, and no value', async (t) => {
    const options = await optionsOf()
    const connection = await open(t, options)
    await connection.query('select ? as a, ? as b', ['hunter2', 'hunter3'])
    await t.rejects(connection.query('select * from missing where a = ?', ['hunter2']), {
      code: 'INTERNAL',
      cause: { code: 'ER_NO_SUCH_TABLE', errno: 1146 },
    })
    const said = options.logger.lines.slice(-2)
    const server = `${options.endpoint.host}:${options.endpoint.port}`
    t.match(said, [
      {
        level: 'debug',
        message: 'sql',
        fields: { sql: 'select ? as a, ? as b', parameters: 2, server },
      },
      { level: 'debug', fields: { parameters: 1, failed: 'internal' } },
    ])
    t.type(said[0]?.fields['ms'], 'number')
    t.notMatch(JSON.stringify(options.logger.lines), /hunter/)
    t.notMatch(JSON.stringify(options.logger.lines), new RegExp(options.endpoint.password))
    t.notOk(connection.isBroken, 'a statement that is wrong breaks nothing')
  })

  await t.test('waits for no answer longer than its deadline', async (t) => {
    const connection = await open(t, await optionsOf({ queryTimeoutMs: 30 }))
    let broken = 0
    connection.onBroken(() => (broken += 1))
    const late = connection.query('select sleep(20)', [])
    await t.rejects(late, unavailable)
    t.ok(isTimeout(await late.catch((error: unknown) => error)))
    t.ok(connection.isBroken)
    t.equal(broken, 1)
    await t.rejects(connection.query('select 1', []), unavailable)
    connection.destroy()
    t.equal(broken, 1)
  })

  await t.test('is broken when the server ends it', async (t) => {
    const options = await optionsOf()
    const connection = await open(t, options)
    const [row] = (await connection.query('select connection_id() as id', [])) as { id: number }[]
    const isBroken = new Promise<void>((resolve) => connection.onBroken(resolve))
    await (await sharedMariaDb()).query(`KILL ${row?.id ?? 0}`)
    await isBroken
    t.ok(connection.isBroken)
  })

  await t.test('is not opened where nobody listens, answers, or lets it in', async (t) => {
    const options = await optionsOf({ connectTimeoutMs: 200 })
    const { endpoint } = options
    await t.rejects(openMysqlConnection({ ...options, endpoint: { ...endpoint, port: 1 } }), {
      ...unavailable,
      cause: { code: 'ECONNREFUSED', errno: 0 },
    })
    await t.rejects(
      openMysqlConnection({ ...options, endpoint: { ...endpoint, password: 'hunter2' } }),
      { cause: { code: 'ER_ACCESS_DENIED_ERROR', errno: 1045, message: /^[^']*$/ } },
    )
    const proxy = await startTcpProxy({ target: endpoint })
    t.teardown(() => proxy.close())
    proxy.stall()
    const { host, port } = proxy
    await t.rejects(openMysqlConnection({ ...options, endpoint: { ...endpoint, host, port } }), {
      ...unavailable,
      cause: { code: 'CONNECT_TIMEOUT' },
    })
  })
})

await t.test('mysql connection with TLS', { skip }, async (t) => {
  const folder = t.testdir()
  const { cert, key } = await createSelfSigned('localhost')
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  const server = await startMariaDb(t, [`--ssl-cert=${files.cert}`, `--ssl-key=${files.key}`])
  const { url } = await server.createDatabase()
  const options = {
    ...(await optionsOf()),
    endpoint: { ...parseMysqlUrl(url), host: 'localhost' },
  }
  const cipher = async (connection: MysqlConnection): Promise<unknown> =>
    (
      (await connection.query("show session status like 'Ssl_cipher'", [])) as { Value: string }[]
    )[0]?.Value
  t.equal(await cipher(await open(t, options)), '', 'without TLS')
  t.not(await cipher(await open(t, { ...options, tls: { verify: true, ca: cert } })), '')
  t.not(await cipher(await open(t, { ...options, tls: { verify: false } })), '')
  await t.rejects(openMysqlConnection({ ...options, tls: { verify: true } }), unavailable)
  const other = await createSelfSigned('other')
  await t.rejects(
    openMysqlConnection({ ...options, tls: { verify: true, ca: other.cert } }),
    unavailable,
  )
})

await t.test('mysql connection verifies names only', async (t) => {
  const endpoint = parseMysqlUrl('mysql://app@10.0.0.1/house')
  t.throws(() => assertVerifiable(endpoint, { verify: true }), {
    code: 'INVALID_ARGUMENT',
    message: /must name the host/,
  })
  t.doesNotThrow(() => assertVerifiable(endpoint, { verify: false }))
  t.doesNotThrow(() => assertVerifiable(endpoint, undefined))
  t.doesNotThrow(() => assertVerifiable({ ...endpoint, host: 'db' }, { verify: true }))
})

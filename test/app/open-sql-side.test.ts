import t from 'tap'
import { openSqlSide } from '../../src/app/open-sql-side.js'
import { testConfig } from '../helpers/app-config.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { sharedMariaDb } from '../helpers/server/mariadb.js'
import { skipUnless } from '../helpers/server/service-binary.js'

const logger = createMemoryLogger()

await t.test('sql side is the embedded file when nothing else is configured', async (t) => {
  const side = await openSqlSide(await testConfig(t.testdir()), logger)
  t.equal(side.sql, side.sqlite)
  t.equal(side.mysql, null)
  t.strictSame(Object.keys(side.checks), ['store'])
  side.checks['store']?.()
  await side.close()
  t.throws(() => side.checks['store']?.(), { code: 'UNAVAILABLE' })
})

await t.test(
  'sql side is the server that is configured',
  { skip: skipUnless('mariadb') },
  async (t) => {
    const { url } = await (await sharedMariaDb()).createDatabase()
    const redis = { 'redis.url': ['redis://127.0.0.1:1'] }
    const side = await openSqlSide(
      await testConfig(t.testdir(), { 'mysql.url': url, ...redis }),
      logger,
    )
    t.equal(side.sql, side.mysql)
    t.equal(side.sqlite, null)
    t.strictSame(Object.keys(side.checks), ['mysql'])
    side.checks['mysql']?.()
    await side.close()

    const wrong = { 'mysql.url': url.replace(/:[^:@]*@/, ':hunter2@'), ...redis }
    await t.rejects(openSqlSide(await testConfig(t.testdir(), wrong), logger), {
      code: 'FAILED_PRECONDITION',
      reason: 'store_refused',
    })
  },
)

await t.test('sql side wants to trust somebody, and a name to compare', async (t) => {
  const folder = t.testdir({ 'ca.pem': 'not a certificate' })
  const tls = {
    'mysql.url': 'mysql://app@127.0.0.1:1/house',
    'redis.url': ['redis://127.0.0.1:1'],
    'mysql.tls': true,
  }
  const open = async (overrides: Readonly<Record<string, unknown>>) =>
    openSqlSide(await testConfig(folder, { ...tls, ...overrides }), logger)
  await t.rejects(open({ 'mysql.tlsCaFile': `${folder}/missing.pem` }), {
    code: 'FAILED_PRECONDITION',
    reason: 'store_refused',
    message: /missing\.pem, cannot be read/,
  })
  for (const overrides of [{}, { 'mysql.tlsCaFile': `${folder}/ca.pem` }]) {
    await t.rejects(open(overrides), { code: 'INVALID_ARGUMENT', message: /must name the host/ })
  }
})

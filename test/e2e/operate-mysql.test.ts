/** What the operator meets with accounts on MariaDB: the schema by hand, and mistakes in the configuration. */
import t from 'tap'
import { runApp } from '../helpers/app-process.js'
import { sharedMariaDb } from '../helpers/server/mariadb.js'
import { skipUnless } from '../helpers/server/service-binary.js'

const skip = skipUnless('mariadb')

t.setTimeout(60_000)

await t.test('the operator migrates the server by the same commands', { skip }, async (t) => {
  const { url } = await (await sharedMariaDb()).createDatabase()
  const options = {
    dataDir: t.testdir(),
    // Nothing of it is in Redis, which may well be down while the schema is changed.
    env: { APP_MYSQL_URL: url, APP_REDIS_URL: 'redis://127.0.0.1:1', APP_LOG_LEVEL: 'silent' },
  }
  const migrate = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runApp(['migrate', ...words], options)
    if (code !== 0) throw new Error(`app migrate ${words.join(' ')}: ${stderr}`)
    return stdout
  }
  const status = async (): Promise<{ name: string; appliedAt: number | null }[]> =>
    JSON.parse(await migrate('status', '--json')) as { name: string; appliedAt: number | null }[]
  const before = await status()
  t.ok(before.length > 0 && before.every(({ appliedAt }) => appliedAt === null))
  t.notOk(
    before.some(({ name }) => name.includes('sessions')),
    'sessions are in Redis',
  )
  t.equal((await migrate('up')).split('applied ').length - 1, before.length)
  t.match(await migrate('up'), /nothing to apply/)
  t.match(await migrate('down'), `took back ${before.at(-1)?.name ?? ''}`)
  t.equal((await status()).filter(({ appliedAt }) => appliedAt === null).length, 1)
})

await t.test('a MySQL that does not answer is one clear line and exit code 1', async (t) => {
  const result = await runApp(['http'], {
    dataDir: t.testdir(),
    env: {
      APP_MYSQL_URL: 'mysql://app:hunter2@127.0.0.1:1/house',
      APP_REDIS_URL: 'redis://127.0.0.1:1',
      APP_LOG_LEVEL: 'silent',
    },
  })
  t.equal(result.code, 1)
  t.match(result.stderr, /^error: .*MySQL server 127\.0\.0\.1:1 cannot be used: ECONNREFUSED/m)
  t.notMatch(result.stderr + result.stdout, /hunter2/)
})

await t.test('MySQL without Redis is a configuration error that names the keys', async (t) => {
  const result = await runApp(['config', 'check'], {
    dataDir: t.testdir(),
    env: { APP_MYSQL_URL: 'mysql://app:hunter2@127.0.0.1:1/house' },
  })
  t.not(result.code, 0)
  t.match(result.stderr, /redis\.url.*APP_REDIS_URL/)
  t.notMatch(result.stderr + result.stdout, /hunter2/)
})

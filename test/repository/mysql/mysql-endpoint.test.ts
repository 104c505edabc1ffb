import t from 'tap'
import { addressOf, parseMysqlUrl } from '../../../src/repository/mysql/mysql-endpoint.js'

await t.test('parseMysqlUrl reads every part', async (t) => {
  t.strictSame(parseMysqlUrl('mysql://db/house'), {
    host: 'db',
    port: 3306,
    user: '',
    password: '',
    database: 'house',
  })
  t.strictSame(parseMysqlUrl('mariadb://a%40b:p%3A%2Fw@[::1]:3307/my%20house'), {
    host: '::1',
    port: 3307,
    user: 'a@b',
    password: 'p:/w',
    database: 'my house',
  })
})

await t.test('parseMysqlUrl refuses what it cannot dial, without repeating it', async (t) => {
  for (const url of [
    '',
    'db/house',
    'http://app:hunter2@db/house',
    'mysql:///hunter2',
    'mysql://app:hunter2@db',
    'mysql://app:hunter2@db/',
    'mysql://app:hunter2@db/a/b',
    'mysql://app:hunter2@db/house?ssl=true',
    'mysql://app:hunter2@db/house#x',
    'mysql://app:hunter2%zz@db/house',
  ]) {
    try {
      parseMysqlUrl(url)
      t.fail(url)
    } catch (error) {
      t.match(error, { code: 'INVALID_ARGUMENT', message: /MySQL URL/ }, url)
      t.notMatch(error instanceof Error ? error.message : '', /hunter2/)
    }
  }
})

await t.test('addressOf has no secret, and brackets where they are needed', async (t) => {
  t.equal(addressOf(parseMysqlUrl('mysql://app:hunter2@db:1/house')), 'db:1')
  t.equal(addressOf({ host: '::1', port: 1 }), '[::1]:1')
})

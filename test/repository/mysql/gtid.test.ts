import t from 'tap'
import { covers, flavourOf } from '../../../src/repository/mysql/gtid.js'

await t.test('flavourOf tells the two families by their version', async (t) => {
  t.equal(flavourOf('10.11.19-MariaDB-0+deb12u1'), 'mariadb')
  t.equal(flavourOf('5.5.5-10.6.1-mariadb'), 'mariadb')
  t.equal(flavourOf('8.4.2'), 'mysql')
})

await t.test('covers compares the sequences of every domain of MariaDB', async (t) => {
  const cases: [applied: string, position: string, expected: boolean][] = [
    ['0-1-100', '0-1-100', true],
    ['0-2-101', '0-1-100', true],
    ['0-1-99', '0-1-100', false],
    ['0-1-9', '0-1-10', false],
    ['', '0-1-1', false],
    ['0-1-100,1-1-5', '0-1-100,1-1-6', false],
    ['0-1-100, 1-1-6', '1-1-6,0-1-100', true],
    ['0-1-100', '0-1-100,2-3-1', false],
    ['0-1-18446744073709551615', '0-1-18446744073709551614', true],
  ]
  for (const [applied, position, expected] of cases) {
    t.equal(covers('mariadb', applied, position), expected, `${applied} / ${position}`)
  }
})

await t.test('covers believes the subset that MySQL worked out', async (t) => {
  const position = '3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5'
  t.equal(covers('mysql', 1, position), true)
  t.equal(covers('mysql', 0, position), false)
  t.equal(covers('mysql', null, position), false)
})

await t.test('covers takes a primary without GTIDs for no proof of anything', async (t) => {
  t.equal(covers('mariadb', '0-1-100', ''), false)
  t.equal(covers('mysql', 1, ''), false)
})

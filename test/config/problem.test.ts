import t from 'tap'
import { choice, flag, group, integer, list, map, secret, text } from '../../src/config/field.js'
import {
  describeFileError,
  describeValue,
  expectationOf,
  wrongValue,
} from '../../src/config/problem.js'

await t.test('expectationOf words every kind of field', async (t) => {
  t.equal(expectationOf(integer(0, 9)), 'an integer from 0 to 9')
  t.equal(expectationOf(flag()), 'true or false')
  t.equal(expectationOf(choice('a', 'b')), 'one of a, b')
  t.equal(expectationOf(text('host')), 'a host name or an IP address')
  t.equal(
    expectationOf(list('address-range')),
    'a list, each item an IP address or a CIDR range such as 10.0.0.0/8',
  )
  t.equal(expectationOf(group({ a: flag(), b: flag() })), 'a group of keys (a, b)')
  t.equal(expectationOf(map({ a: flag() }, [])), 'a map of names to a group of keys (a)')
})

await t.test('describeValue shows a value, cut, and never a secret', async (t) => {
  t.equal(describeValue(text('name'), 'x'), '"x"')
  t.equal(describeValue(integer(0, 1), 7), '7')
  t.equal(describeValue(flag(), { a: [1] }), '{"a":[1]}')
  t.equal(describeValue(text('name'), 'y'.repeat(200)), `"${'y'.repeat(79)}…`)
  for (const empty of [null, undefined, '']) {
    t.equal(describeValue(secret('api-key'), empty), 'nothing')
  }
  t.equal(describeValue(secret('api-key'), 'hunter2'), 'a hidden value')
})

await t.test('wrongValue names expectation, value and source', async (t) => {
  const problem = { path: 'a.b', expected: 'true or false', got: '3' }
  t.same(wrongValue({ ...problem, source: 'APP_A_B' }), {
    path: 'a.b',
    message: 'expected true or false, got 3 (APP_A_B)',
  })
  t.equal(wrongValue({ ...problem, source: undefined }).message, 'expected true or false, got 3')
})

await t.test('describeFileError is short', async (t) => {
  const failed = (code: string): Error => Object.assign(new Error(`${code}: long`), { code })
  t.equal(describeFileError(failed('ENOENT')), 'no such file')
  t.equal(describeFileError(failed('EACCES')), 'permission denied')
  t.equal(describeFileError(failed('EISDIR')), 'it is a folder')
  t.equal(describeFileError(failed('ENOTDIR')), 'a part of the path is not a folder')
  t.equal(describeFileError(failed('EMFILE')), 'EMFILE')
  t.equal(describeFileError(new Error('odd')), 'odd')
  t.equal(describeFileError('odd'), 'odd')
})

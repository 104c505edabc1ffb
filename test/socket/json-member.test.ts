import t from 'tap'
import { parseJson, readMembers } from '../../src/socket/json-member.js'

await t.test('readMembers gives members under lower-case names, the last one wins', async (t) => {
  t.same(
    [...(readMembers({ Token: 'a', EVENT: 'b', token: 'c' }) ?? [])],
    [
      ['token', 'c'],
      ['event', 'b'],
    ],
  )
  t.equal(readMembers(parseJson('{"__proto__":"x"}'))?.get('__proto__'), 'x')
  t.equal(readMembers({})?.get('constructor'), undefined)
})

await t.test('readMembers gives null for whatever is no object', async (t) => {
  for (const value of [null, undefined, 1, 'x', true, []]) t.equal(readMembers(value), null)
})

await t.test('parseJson gives the value, or undefined for text that is not JSON', async (t) => {
  t.same(parseJson('{"a":1}'), { a: 1 })
  t.equal(parseJson('null'), null)
  for (const text of ['', '{', 'undefined', '{"a":1}x']) t.equal(parseJson(text), undefined)
})

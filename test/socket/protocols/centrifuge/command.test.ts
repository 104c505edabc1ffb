import t from 'tap'
import {
  countOf,
  flagOf,
  METHODS,
  parseCommands,
  positionOf,
  requireData,
  textOf,
} from '../../../../src/socket/protocols/centrifuge/command.js'

await t.test('a frame holds commands, one a line, and answers to pings', async (t) => {
  t.strictSame(parseCommands('{"id":1,"connect":{}}\n\n{}\n  \n{"send":{"data":1}}\r\n'), [
    { id: 1, method: 'connect', params: {} },
    { id: 0, method: 'send', params: { data: 1 }, data: '1' },
  ])
  t.strictSame(parseCommands(''), [])
  for (const method of METHODS) {
    t.match(parseCommands(JSON.stringify({ id: 7, [method]: {} })), [{ id: 7, method }])
  }
  t.match(parseCommands('{"id":1,"ping":null}'), [{ method: 'ping', params: {} }])
})

await t.test('anything else is not this protocol', async (t) => {
  const wrong = [
    'hello',
    '[]',
    '1',
    'null',
    '{"id":1}',
    '{"id":-1,"ping":{}}',
    '{"id":1.5,"ping":{}}',
    '{"id":"1","ping":{}}',
    '{"ping":{}}',
    '{"id":1,"fly":{}}',
    '{"id":1,"ping":[]}',
    '{"id":1,"ping":"x"}',
    '{"id":1,"ping":{},"rpc":{}}',
    '{"id":1,"ping":{}}\n{',
    '{"id":1,"ping":{}}\n'.repeat(1_025),
  ]
  for (const text of wrong) {
    t.throws(() => parseCommands(text), { code: 'INVALID_ARGUMENT', reason: 'frame_malformed' })
  }
  t.equal(parseCommands('{"id":1,"ping":{}}\n'.repeat(1_024)).length, 1_024)
})

await t.test('data keeps the text that it came with', async (t) => {
  const [first, second, third] = parseCommands(
    '{"id":1,"publish":{"channel":"a","data":{"b": 12345678901234567890, "a":1.0}}}\n' +
      '{"id":2,"rpc":{"data":null}}\n{"id":3,"rpc":{"method":"data"}}',
  )
  t.equal(first?.data, '{"b": 12345678901234567890, "a":1.0}')
  t.equal(second?.data, 'null')
  t.equal(third?.data, undefined)
})

await t.test('members are read with their types', async (t) => {
  const params = { a: 'x', b: true, c: 3, data: { k: [1] }, offset: 4, epoch: 'e' }
  t.equal(textOf(params, 'a'), 'x')
  t.equal(textOf(params, 'z'), '')
  t.equal(flagOf(params, 'b'), true)
  t.equal(flagOf(params, 'z'), false)
  t.equal(countOf(params, 'c'), 3)
  t.equal(countOf(params, 'z'), 0)
  t.equal(requireData('{"k":[1]}'), '{"k":[1]}')
  t.strictSame(positionOf(params), { offset: 4, epoch: 'e' })
  const wrong = { code: 'INVALID_ARGUMENT', reason: 'invalid_argument' }
  t.throws(() => textOf(params, 'c'), wrong)
  t.throws(() => flagOf(params, 'a'), wrong)
  for (const c of ['3', -1, 1.5, 2 ** 60]) t.throws(() => countOf({ c }, 'c'), wrong)
  t.throws(() => requireData(undefined), wrong)
})

import { InvalidArgumentError } from 'commander'
import t from 'tap'
import { integerBetween, parsePort, parseWebSocketUrl } from '../../src/cli/parse-option.js'

await t.test('parsePort takes 0 to 65535', async (t) => {
  t.equal(parsePort('0'), 0)
  t.equal(parsePort('65535'), 65535)
  for (const text of ['65536', '-1', '', 'abc', '80.5', '1e3', '0x50', ' 80']) {
    t.throws(
      () => parsePort(text),
      new InvalidArgumentError('Expected an integer from 0 to 65535.'),
    )
  }
})

await t.test('integerBetween keeps its range', async (t) => {
  const parse = integerBetween(1, 3)
  t.equal(parse('3'), 3)
  for (const text of ['0', '4', 'x']) {
    t.throws(() => parse(text), new InvalidArgumentError('Expected an integer from 1 to 3.'))
  }
})

await t.test('parseWebSocketUrl takes ws and wss', async (t) => {
  t.equal(parseWebSocketUrl('ws://127.0.0.1:1/x'), 'ws://127.0.0.1:1/x')
  t.equal(parseWebSocketUrl('wss://a.example'), 'wss://a.example')
  for (const url of ['http://a', 'a', '', 'ws:']) {
    t.throws(
      () => parseWebSocketUrl(url),
      new InvalidArgumentError('Expected a URL that begins with ws:// or wss://.'),
    )
  }
})

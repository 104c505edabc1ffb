import t from 'tap'
import {
  decodeBody,
  decodeRecords,
  encodeBody,
  kindOf,
  letterOf,
  parseInfo,
  toInfo,
} from '../../src/broker/publication-codec.js'

const INFO = { connectionId: 'c', userId: '', connectionInfo: '{"a":"\\n😀"}', channelInfo: null }

await t.test('encodeBody and decodeBody keep what is in a publication', async (t) => {
  for (const data of ['', '1', '{"n":"1 2 3\\n"}', '"é😀\\ud800"']) {
    for (const info of [null, INFO]) {
      for (const tags of [null, {}, { a: 'b\n' }]) {
        const content = { data, info, tags }
        t.same(decodeBody(encodeBody(content)), content)
      }
    }
  }
})

await t.test('decodeBody refuses what is none', async (t) => {
  const wrong = [
    ...['', '1', '1 0\n1', '1 0 0\n', '1 0 0\n12', '-1 0 0\n', 'x 0 0\nx', '1.5 0 0\n12'],
    ...['0 4 0\nnull', '0 2 0\n{}', '0 2 0\n[]', '0 1 0\n{', '0 0 7\n{"a":1}', '0 0 2\n[]'],
    '0 33 0\n{"connectionId":"c","userId":123}',
    '0 55 0\n{"connectionId":"c","userId":"u","connectionInfo":{}  }',
  ]
  for (const body of wrong) t.equal(decodeBody(body), null, body)
})

await t.test('decodeRecords reads one record after the other', async (t) => {
  const join = encodeBody({ data: '', info: INFO, tags: null })
  t.same(decodeRecords(`p 7 e-_1 1 0 0\n1j 0 - ${join}l 0 - ${join}`), [
    { kind: 'publication', offset: 7, epoch: 'e-_1', data: '1', info: null, tags: null },
    { kind: 'join', offset: 0, epoch: '', data: '', info: INFO, tags: null },
    { kind: 'leave', offset: 0, epoch: '', data: '', info: INFO, tags: null },
  ])
  t.same(decodeRecords(''), [])
  const wrong = [
    'p',
    'p 1 e',
    'x 1 e 1 0 0\n1',
    'p 1 e 1 0 0\n',
    'p -1 e 1 0 0\n1',
    'p 1  1 0 0\n1',
  ]
  for (const message of [...wrong, 'p 1 e 1 0 0\n1rest']) t.equal(decodeRecords(message), null)
})

await t.test('kindOf knows the letters of letterOf, and no other', async (t) => {
  for (const kind of ['publication', 'join', 'leave'] as const)
    t.equal(kindOf(letterOf(kind)), kind)
  for (const letter of ['', 'x', 'toString']) t.equal(kindOf(letter), null)
})

await t.test('parseInfo and toInfo drop what does not belong to a client', async (t) => {
  t.strictSame(parseInfo('{"connectionId":"c","userId":"u","secret":1}'), {
    ...{ connectionId: 'c', userId: 'u', connectionInfo: null, channelInfo: null },
  })
  t.throws(() => toInfo({ connectionId: 'c' }), TypeError)
  t.throws(() => toInfo(null), TypeError)
})

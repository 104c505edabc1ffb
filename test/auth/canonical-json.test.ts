import t from 'tap'
import { parseCanonicalObject } from '../../src/auth/canonical-json.js'

await t.test('parseCanonicalObject reads what JSON.stringify wrote', async (t) => {
  const value = { text: 'ü€😀"\\', number: 1, list: [true, null], inner: { a: 'b' } }
  t.strictSame(parseCanonicalObject(Buffer.from(JSON.stringify(value))), value)
})

await t.test('parseCanonicalObject refuses any other spelling', async (t) => {
  const others = [
    '',
    ' {}',
    '{"a":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1.0}',
    '{"a":-0}',
    '{"a":"\\u0061"}',
    '{"a":"\\/"}',
    '\ufeff{}',
    '[]',
    'null',
    '1',
    '"a"',
    '{"2":1,"1":2}',
  ]
  for (const text of others) {
    t.equal(parseCanonicalObject(Buffer.from(text)), null, JSON.stringify(text))
  }
  t.equal(parseCanonicalObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), null)
})

await t.test('parseCanonicalObject survives any depth', async (t) => {
  const deep = `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`
  t.doesNotThrow(() => parseCanonicalObject(Buffer.from(deep)))
})

import fc from 'fast-check'
import t from 'tap'
import { memberText } from '../../src/socket/json-text.js'

await t.test('a member keeps its text', async (t) => {
  const cases: [string, string[], string | undefined][] = [
    ['{"data":12345678901234567890}', ['data'], '12345678901234567890'],
    ['{"id":1,"publish":{"channel":"a","data":1.50e+3}}', ['publish', 'data'], '1.50e+3'],
    [' { "data" : {"b": 1, "a" :[ ]} , "x":2 } ', ['data'], '{"b": 1, "a" :[ ]}'],
    ['{"data":"a\\"}\\\\","x":1}', ['data'], '"a\\"}\\\\"'],
    ['{"data":["\\\\","]"],"x":1}', ['data'], '["\\\\","]"]'],
    ['{"a":{"data":1},"data":true}', ['data'], 'true'],
    ['{"a":"\\"data\\":1","data":null\n}', ['data'], 'null'],
    ['{"data":1,"data":2}', ['data'], '2'],
    ['{"p":{"data":1},"p":{"data":2}}', ['p', 'data'], '2'],
    ['{"p":{"data":1},"p":7}', ['p', 'data'], undefined],
    ['{"d\\u0061ta":-0}', ['data'], '-0'],
    ['\ufeff{"data":1}', ['data'], '1'],
    ['{}', ['data'], undefined],
    ['{"dat":1,"data2":2}', ['data'], undefined],
    ['[{"data":1}]', ['data'], undefined],
    ['"data"', ['data'], undefined],
    ['', ['data'], undefined],
  ]
  for (const [json, path, expected] of cases) {
    t.equal(memberText(json, ...(path as [string])), expected, json)
  }
})

await t.test('of whatever is valid, it is the member that JSON.parse finds', async (t) => {
  const space = fc.constantFrom('', ' ', '\n\t', '\r\n ')
  const name = fc.oneof(fc.constantFrom('data', 'd', 'da"ta', '\\', '__proto_'), fc.string())
  const json = fc
    .tuple(fc.array(fc.tuple(name, fc.jsonValue()), { maxLength: 6 }), space, fc.nat(2))
    .map(([members, gap, indent]) => {
      const texts = members.map(
        ([key, value]) =>
          `${JSON.stringify(key)}${gap}:${gap}${JSON.stringify(value, null, indent)}${gap}`,
      )
      return `${gap}{${gap}${texts.join(`,${gap}`)}}${gap}`
    })
  fc.assert(
    fc.property(json, (text) => {
      const value = JSON.parse(text) as Record<string, unknown>
      for (const key of ['data', 'd', ...Object.keys(value)]) {
        const found = memberText(text, key)
        t.strictSame(found === undefined ? undefined : JSON.parse(found), value[key])
        t.equal(found, found?.trim())
      }
    }),
    { numRuns: 200 },
  )
})

await t.test('depth costs no stack', async (t) => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  t.equal(memberText(`{"data":${deep},"x":1}`, 'data')?.length, deep.length)
})

import t from 'tap'
import { chooseResponseType } from '../../../src/http/graphql/media-type.js'

const GRAPHQL = 'application/graphql-response+json'
const JSON_TYPE = 'application/json'

await t.test('chooseResponseType takes what the client prefers', async (t) => {
  const cases: readonly [string | undefined, string | null][] = [
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    [JSON_TYPE, JSON_TYPE],
    [GRAPHQL, GRAPHQL],
    [`${GRAPHQL}; charset=utf-8`, GRAPHQL],
    [`${GRAPHQL};charset="utf-8", ${JSON_TYPE};q=0.9`, GRAPHQL],
    [`${JSON_TYPE}, ${GRAPHQL}`, GRAPHQL],
    [`${GRAPHQL};q=0.5, ${JSON_TYPE}`, JSON_TYPE],
    [`${GRAPHQL};q=0, */*`, JSON_TYPE],
    ['APPLICATION/JSON', JSON_TYPE],
    ['text/html', null],
    ['text/html, */*;q=0.1', JSON_TYPE],
    [`${JSON_TYPE};q=0, ${GRAPHQL};q=0`, null],
    [`${JSON_TYPE};charset=iso-8859-1`, null],
    [`${JSON_TYPE};q=nonsense`, null],
    [`${JSON_TYPE};q=-1`, null],
  ]
  for (const [accept, expected] of cases) {
    t.equal(chooseResponseType(accept), expected, String(accept))
  }
})

await t.test('chooseResponseType bounds its work', async (t) => {
  t.equal(chooseResponseType('text/html,'.repeat(10_000) + JSON_TYPE), null)
})

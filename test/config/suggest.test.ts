import t from 'tap'
import { suggest } from '../../src/config/suggest.js'

await t.test('suggest finds the nearest word', async (t) => {
  t.equal(suggest('prot', ['host', 'port']), 'port', 'swapped neighbours are one edit')
  t.equal(suggest('levle', ['level', 'format']), 'level')
  t.equal(suggest('PORT', ['port']), 'port', 'case does not count')
  t.equal(suggest('trustedProxy', ['trustedProxies', 'connectionsMax']), 'trustedProxies')
  t.equal(suggest('ap', ['api']), 'api')
})

await t.test('suggest says nothing when nothing is near', async (t) => {
  t.equal(suggest('banana', ['port', 'host']), null)
  t.equal(suggest('xy', ['api']), null, 'short words must be nearer')
  t.equal(suggest('anything', []), null)
  t.equal(suggest('a'.repeat(101), ['a'.repeat(101)]), null, 'and nothing for absurd lengths')
})

import t from 'tap'
import { randomId } from '../../src/util/random-id.js'

await t.test('randomId is 128 bits in base64url and never repeats', async (t) => {
  const ids = Array.from({ length: 1000 }, () => randomId())
  for (const id of ids.slice(0, 10)) {
    t.match(id, /^[\w-]{22}$/)
    t.equal(Buffer.from(id, 'base64url').length, 16)
  }
  t.equal(new Set(ids).size, 1000)
})

await t.test('randomId can stand on a command line', async (t) => {
  const ids = Array.from({ length: 10_000 }, () => randomId())
  t.same(
    ids.filter((id) => id.startsWith('-')),
    [],
  )
})

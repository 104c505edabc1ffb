import t from 'tap'
import { uuidV7 } from '../../src/util/uuid.js'

await t.test('uuidV7 carries the time, the version and the variant', async (t) => {
  // The example of RFC 9562, appendix A.6.
  const id = uuidV7(0x017f22e279b0)
  t.match(id, /^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

await t.test('uuidV7 sorts by time and never repeats', async (t) => {
  const now = Date.UTC(2026, 0, 1)
  const ids = Array.from({ length: 1000 }, (_, index) => uuidV7(now + index))
  t.strictSame(ids.toSorted(), ids)
  const same = Array.from({ length: 1000 }, () => uuidV7(now))
  t.equal(new Set(same).size, 1000)
})

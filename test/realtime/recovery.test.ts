import t from 'tap'
import type { Publication } from '../../src/domain/channel-broker.js'
import { mergeRecovery } from '../../src/realtime/recovery.js'

const pub = (offset: number): Publication => ({ offset, data: `${offset}`, info: null, tags: null })
const pubs = (...offsets: number[]) => offsets.map(pub)
const at = (offset: number, epoch = 'e') => ({ offset, epoch })
const page = (top: number, ...offsets: number[]) => ({
  publications: pubs(...offsets),
  position: at(top),
})
const none = { recovered: false, publications: [] }

await t.test('kept and live publications are joined in order, each once', async (t) => {
  t.strictSame(
    mergeRecovery({
      since: at(2),
      page: page(5, 3, 4, 5),
      recent: pubs(7, 5, 6),
      upTo: at(7),
      limit: 10,
    }),
    { recovered: true, publications: pubs(3, 4, 5, 6, 7) },
  )
})

await t.test('what is beyond the live stream is left to it', async (t) => {
  const input = { since: at(2), page: page(5, 3, 4, 5), recent: [], upTo: at(4), limit: 10 }
  t.strictSame(mergeRecovery(input), { recovered: true, publications: pubs(3, 4) })
})

await t.test('nothing missed is recovered with nothing', async (t) => {
  const input = { since: at(4), page: null, recent: [], upTo: at(4), limit: 10 }
  t.strictSame(mergeRecovery(input), { recovered: true, publications: [] })
  t.strictSame(mergeRecovery({ ...input, since: at(4, '') }), {
    recovered: true,
    publications: [],
  })
})

await t.test('a hole, another stream, the future or too much recover nothing', async (t) => {
  const whole = { since: at(2), page: page(5, 3, 4, 5), recent: [], upTo: at(5), limit: 10 }
  t.strictSame(mergeRecovery({ ...whole, page: page(5, 3, 5) }), none)
  t.strictSame(mergeRecovery({ ...whole, page: page(5, 4, 5) }), none, 'the first is gone')
  t.strictSame(mergeRecovery({ ...whole, upTo: at(6) }), none, 'the last is not there')
  t.strictSame(mergeRecovery({ ...whole, since: at(2, 'other') }), none)
  t.strictSame(mergeRecovery({ ...whole, upTo: at(5, 'other') }), none)
  t.strictSame(
    mergeRecovery({ ...whole, page: { publications: pubs(3, 4, 5), position: at(5, 'x') } }),
    none,
  )
  t.strictSame(mergeRecovery({ ...whole, since: at(9) }), none)
  t.strictSame(mergeRecovery({ ...whole, limit: 2 }), none)
  t.equal(mergeRecovery({ ...whole, limit: 3 }).recovered, true)
})

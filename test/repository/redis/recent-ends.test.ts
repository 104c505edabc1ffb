import t from 'tap'
import { createRecentEnds } from '../../../src/repository/redis/recent-ends.js'
import type { EndedSession } from '../../../src/domain/session.js'

const ended = (id: string): EndedSession => ({ id, userId: 'u', reason: 'logged_out' })

await t.test('RecentEnds keeps ten minutes', async (t) => {
  let now = 0
  const ends = createRecentEnds(() => now)
  ends.add([ended('a')])
  now = 5 * 60_000
  ends.add([ended('b'), ended('c')])
  t.strictSame(ends.list(), ['a', 'b', 'c'].map(ended))
  now = 10 * 60_000
  t.equal(ends.list().length, 3)
  now += 1
  t.strictSame(ends.list(), ['b', 'c'].map(ended))
})

await t.test('RecentEnds keeps the latest 2,000', async (t) => {
  const ends = createRecentEnds()
  ends.add(Array.from({ length: 2_500 }, (_, index) => ended(String(index))))
  ends.add([ended('600')])
  const list = ends.list()
  t.equal(list.length, 2_000)
  t.equal(list[0]?.id, '500')
  t.equal(list.at(-1)?.id, '600', 'told twice, it counts once, as the latest')
})

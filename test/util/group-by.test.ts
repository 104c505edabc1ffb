import t from 'tap'
import { groupBy } from '../../src/util/group-by.js'

await t.test('groupBy keeps the order of groups and items', async (t) => {
  const groups = groupBy([3, 1, 4, 1, 5], (n) => (n % 2 === 0 ? 'even' : 'odd'))
  t.strictSame(
    [...groups],
    [
      ['odd', [3, 1, 1, 5]],
      ['even', [4]],
    ],
  )
  t.equal(groupBy([], String).size, 0)
})

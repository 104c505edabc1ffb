import t from 'tap'
import { QueueBound } from '../../src/socket/queue-bound.js'

const MAX = 100

await t.test('what may not exceed the bound does not', async (t) => {
  const bound = new QueueBound()
  t.equal(bound.admits(0, MAX, MAX, false), true)
  t.equal(bound.admits(0, MAX + 1, MAX, false), false)
  t.equal(bound.admits(60, 40, MAX, false), true)
  t.equal(bound.admits(60, 41, MAX, false), false)
})

await t.test('one message may be larger, and what follows has the whole bound', async (t) => {
  const bound = new QueueBound()
  t.equal(bound.admits(10, 5_000, MAX, true), true)
  t.equal(bound.admits(5_010, 90, MAX, false), true)
  t.equal(bound.admits(5_100, 1, MAX, false), false, 'the bound is used up')
  t.equal(bound.admits(5_010, 5_000, MAX, true), false, 'one at a time')
})

await t.test('a small one is like any other message', async (t) => {
  const bound = new QueueBound()
  t.equal(bound.admits(0, 50, MAX, true), true)
  t.equal(bound.admits(50, 5_000, MAX, true), true, 'nothing was used up by it')
})

await t.test('when the large one is gone, the next may come', async (t) => {
  const bound = new QueueBound()
  t.equal(bound.admits(0, 5_000, MAX, true), true)
  t.equal(bound.admits(200, 50, MAX, false), true, 'all that waits is of the large one')
  t.equal(bound.admits(0, 50, MAX, false), true)
  t.equal(bound.admits(101, 1, MAX, false), false)
  t.equal(bound.admits(50, 5_000, MAX, true), true, 'and the next may be larger again')
})

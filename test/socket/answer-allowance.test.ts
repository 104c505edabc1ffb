import t from 'tap'
import { AnswerAllowance } from '../../src/socket/answer-allowance.js'

const MAX = 100

await t.test('what nobody has asked for keeps to the bound', async (t) => {
  const allowance = new AnswerAllowance()
  t.equal(allowance.admits(0, MAX, MAX, false), true)
  t.equal(allowance.admits(0, MAX + 1, MAX, false), false)
  t.equal(allowance.admits(60, 40, MAX, false), true)
  t.equal(allowance.admits(60, 41, MAX, false), false)
})

await t.test('one answer may be larger, and what follows has the whole bound', async (t) => {
  const allowance = new AnswerAllowance()
  t.equal(allowance.admits(10, 5_000, MAX, true), true)
  t.equal(allowance.admits(5_010, 90, MAX, false), true)
  t.equal(allowance.admits(5_100, 1, MAX, false), false, 'the bound is used up')
  t.equal(allowance.admits(5_010, 5_000, MAX, true), false, 'one at a time')
})

await t.test('a small answer is one like any other message', async (t) => {
  const allowance = new AnswerAllowance()
  t.equal(allowance.admits(0, 50, MAX, true), true)
  t.equal(allowance.admits(50, 5_000, MAX, true), true, 'nothing was used up by it')
})

await t.test('when the answer is gone, so is the allowance', async (t) => {
  const allowance = new AnswerAllowance()
  t.equal(allowance.admits(0, 5_000, MAX, true), true)
  t.equal(allowance.admits(200, 50, MAX, false), true, 'all that waits is of the answer')
  t.equal(allowance.admits(0, 50, MAX, false), true)
  t.equal(allowance.admits(101, 1, MAX, false), false)
  t.equal(allowance.admits(50, 5_000, MAX, true), true, 'and the next may be larger again')
})

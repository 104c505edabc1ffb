import t from 'tap'
import { assertCounterStep } from '../../src/domain/counter.js'

await t.test('a counter takes integers within its limits', async (t) => {
  assertCounterStep(0, 1)
  assertCounterStep(1_000_000, 366 * 86_400_000)
  const refusals = [
    [-1, 1],
    [1_000_001, 1],
    [0.5, 1],
    [1, 0],
    [1, 366 * 86_400_000 + 1],
    [1, NaN],
  ] as const
  for (const [amount, windowMs] of refusals) {
    const refused = { code: 'INVALID_ARGUMENT', message: /^The (amount|window) must be an integer/ }
    t.throws(() => assertCounterStep(amount, windowMs), refused, `${amount} in ${windowMs} ms`)
  }
})

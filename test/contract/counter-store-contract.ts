import type { Test } from 'tap'
import type { CounterStore } from '../../src/domain/counter.js'
import { MINUTE, T0 } from './sample-session.js'

/**
 * What every implementation of the port promises. `open` gives an empty store; every further one of the same
 * test is the store of another process on the same state.
 */
export async function checkCounterStore(
  t: Test,
  open: (t: Test) => Promise<CounterStore>,
): Promise<void> {
  await t.test('add counts from the first one to the end of its window', async (t) => {
    const counters = await open(t)
    const resetsAt = T0 + MINUTE
    t.strictSame(await counters.add('logins', 1, MINUTE, T0), { count: 1, resetsAt })
    t.strictSame(await counters.add('logins', 41, MINUTE, T0 + 1), { count: 42, resetsAt })
    t.strictSame(await counters.add('logins', 1, 9 * MINUTE, resetsAt - 1), { count: 43, resetsAt })
    t.strictSame(
      await counters.add('logins', 2, MINUTE, resetsAt),
      { count: 2, resetsAt: resetsAt + MINUTE },
      'a new window begins where the old one ended',
    )
  })

  await t.test('add of nothing only looks', async (t) => {
    const counters = await open(t)
    t.strictSame(await counters.add('looks', 0, MINUTE, T0), { count: 0, resetsAt: T0 + MINUTE })
    const begun = { count: 1, resetsAt: T0 + 10 + MINUTE }
    t.strictSame(await counters.add('looks', 1, MINUTE, T0 + 10), begun, 'looking began nothing')
    t.strictSame(await counters.add('looks', 0, 2 * MINUTE, T0 + 20), begun)
    const later = begun.resetsAt
    const over = { count: 0, resetsAt: later + 5 }
    t.strictSame(await counters.add('looks', 0, 5, later), over)
    t.strictSame(await counters.add('looks', 0, 5, later), over, 'and so on')
  })

  await t.test('clear takes one counter away', async (t) => {
    const counters = await open(t)
    await counters.add('one', 1, MINUTE, T0)
    await counters.add('two', 1, MINUTE, T0)
    await counters.clear('one')
    await counters.clear('absent')
    const anew = { count: 1, resetsAt: T0 + 7 + MINUTE }
    t.strictSame(await counters.add('one', 1, MINUTE, T0 + 7), anew)
    t.match(await counters.add('two', 0, MINUTE, T0 + 7), { count: 1 })
  })

  await t.test('keys are any text', async (t) => {
    const counters = await open(t)
    const keys = ['a', 'A', 'a ', '{a}', '}{', 'ä:*?', "' OR 1=1 --", 'x'.repeat(512)]
    for (const [index, key] of keys.entries()) await counters.add(key, index + 1, MINUTE, T0)
    for (const [index, key] of keys.entries()) {
      t.match(await counters.add(key, 0, MINUTE, T0), { count: index + 1 }, key)
    }
  })

  await t.test('add refuses what is out of range', async (t) => {
    const counters = await open(t)
    const refused = { code: 'INVALID_ARGUMENT', reason: 'invalid_argument' }
    for (const amount of [-1, 0.5, NaN, 1_000_001]) {
      await t.rejects(counters.add('key', amount, MINUTE, T0), refused, `amount ${amount}`)
    }
    for (const windowMs of [0, -1, 0.5, Infinity]) {
      await t.rejects(counters.add('key', 1, windowMs, T0), refused, `window ${windowMs}`)
    }
    t.match(await counters.add('key', 1_000_000, MINUTE, T0), { count: 1_000_000 })
  })

  await t.test('adds at once are each counted', async (t) => {
    const here = await open(t)
    const there = await open(t)
    const adds = Array.from({ length: 200 }, async (_, index) => {
      const counters = index % 2 === 0 ? here : there
      return (await counters.add('busy', 1, MINUTE, T0 + index)).count
    })
    const counts = (await Promise.all(adds)).sort((a, b) => a - b)
    t.strictSame(
      counts,
      Array.from({ length: 200 }, (_, index) => index + 1),
    )
  })
}

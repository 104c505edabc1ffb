import type { Test } from 'tap'
import type { Clock } from '../../src/domain/clock.js'
import type { OneTimeStore } from '../../src/domain/one-time-store.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { MINUTE, T0 } from './sample-session.js'

/**
 * What every implementation of the port promises. `open` gives an empty store that goes by the clock; every
 * further one of the same test is the store of another process on the same state.
 */
export async function checkOneTimeStore(
  t: Test,
  open: (t: Test, clock: Clock) => Promise<OneTimeStore>,
): Promise<void> {
  const clock = createFakeClock(T0)
  const inAMinute = T0 + MINUTE

  await t.test('take gives a value once', async (t) => {
    const values = await open(t, clock)
    await values.put('state', 'a:b', inAMinute)
    await values.put('other', '', inAMinute)
    t.equal(await values.take('absent', T0), null)
    t.equal(await values.take('state', T0), 'a:b')
    t.equal(await values.take('state', T0), null)
    t.equal(await values.take('other', T0), '')
  })

  await t.test('take gives nothing past its end, also later', async (t) => {
    const values = await open(t, clock)
    await values.put('early', 'value', inAMinute)
    await values.put('late', 'value', inAMinute)
    await values.put('born dead', 'value', T0)
    t.equal(await values.take('early', inAMinute - 1), 'value')
    t.equal(await values.take('late', inAMinute), null)
    t.equal(await values.take('late', T0), null, 'the attempt took it away')
    t.equal(await values.take('born dead', T0), null)
  })

  await t.test('put takes the place of what was there', async (t) => {
    const values = await open(t, clock)
    await values.put('key', 'old', inAMinute)
    await values.put('key', 'new', inAMinute + 10)
    t.equal(await values.take('key', inAMinute), 'new')
  })

  await t.test('put takes up to 16 KiB of any text', async (t) => {
    const values = await open(t, clock)
    const most = `{"ä": "\n"}${'x'.repeat(16_384 - 11)}`
    await values.put('{key} *', most, inAMinute)
    t.equal(await values.take('{key} *', T0), most)
    await t.rejects(values.put('key', `${most}x`, inAMinute), {
      code: 'INVALID_ARGUMENT',
      reason: 'invalid_argument',
    })
    t.equal(await values.take('key', T0), null)
  })

  await t.test('of many that take at once one gets it', async (t) => {
    const here = await open(t, clock)
    const there = await open(t, clock)
    await here.put('prize', 'won', inAMinute)
    const takes = Array.from({ length: 100 }, (_, index) =>
      (index % 2 === 0 ? here : there).take('prize', T0),
    )
    const got = (await Promise.all(takes)).filter((value) => value !== null)
    t.strictSame(got, ['won'])
  })
}

import t from 'tap'
import { createRepeater } from '../../../src/repository/mysql/repeater.js'
import { waitFor } from '../../helpers/wait-for.js'

const NEVER_MS = 3_600_000

await t.test('repeater runs again and again until it is stopped', async (t) => {
  let runs = 0
  const repeater = createRepeater(async () => {
    runs += 1
  }, 1)
  t.equal(runs, 0, 'nothing happens at creation')
  repeater.start()
  await waitFor('three runs', () => runs >= 3)
  await repeater.stop()
  const after = runs
  repeater.hurry()
  await repeater.stop()
  t.equal(runs, after)
})

await t.test('repeater hurries between two runs, and after the one under way', async (t) => {
  let runs = 0
  const ends: (() => void)[] = []
  const repeater = createRepeater(() => {
    runs += 1
    return new Promise((resolve) => ends.push(resolve))
  }, NEVER_MS)
  repeater.start()
  repeater.hurry()
  repeater.hurry()
  t.equal(runs, 1, 'one run at a time')
  ends.shift()?.()
  await waitFor('the run that was asked for meanwhile', () => runs === 2)
  ends.shift()?.()
  await new Promise((resolve) => setImmediate(resolve))
  repeater.hurry()
  await waitFor('the run that was asked for in the pause', () => runs === 3)
  const stopped = repeater.stop()
  ends.shift()?.()
  await stopped
  t.equal(runs, 3)
})

import t from 'tap'
import { waitUntilMostAreUp, waitUntilUp } from '../../../src/app/redis/start-deadline.js'

const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'redis_unavailable' }
const never = (): boolean => false

await t.test('waitUntilUp waits, and not for ever', async (t) => {
  let looks = 0
  await waitUntilUp(() => (looks += 1) === 3, 10_000)
  t.equal(looks, 3)
  await t.rejects(waitUntilUp(never, 20), UNAVAILABLE)
})

await t.test('waitUntilMostAreUp needs one and waits a moment for all', async (t) => {
  const isAny = (): boolean => true
  t.equal(await waitUntilMostAreUp({ isAny, isAll: () => true }, 20), true)
  t.equal(await waitUntilMostAreUp({ isAny, isAll: never }, 20), false)
  await t.rejects(waitUntilMostAreUp({ isAny: never, isAll: never }, 20), UNAVAILABLE)
})

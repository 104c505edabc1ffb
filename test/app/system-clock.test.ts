import t from 'tap'
import { systemClock } from '../../src/app/system-clock.js'

await t.test('system clock counts milliseconds since the epoch', async (t) => {
  const before = Date.now()
  const now = systemClock.now()
  t.ok(now >= before && now <= Date.now())
})

import t from 'tap'
import { LifeWatch } from '../../../../src/socket/protocols/centrifuge/life-watch.js'

await t.test('a peer is pinged, and dead when it does not answer', async (t) => {
  const options = { pingIntervalMs: 100, pongTimeoutMs: 30 }
  const watch = new LifeWatch(0)
  watch.begin(1_000, options)
  t.equal(watch.check(1_000, 1_000, options), 'nothing')
  t.equal(watch.check(1_100, 1_000, options), 'ping')
  t.equal(watch.check(1_120, 1_000, options), 'nothing')
  t.equal(watch.check(1_130, 1_110, options), 'nothing', 'it has answered')
  t.equal(watch.check(1_200, 1_110, options), 'ping')
  t.equal(watch.check(1_230, 1_110, options), 'dead')
})

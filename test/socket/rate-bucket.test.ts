import t from 'tap'
import { RateBucket } from '../../src/socket/rate-bucket.js'

await t.test('a second’s worth passes at once, then as many as come in', async (t) => {
  const bucket = new RateBucket(2, 0)
  t.strictSame(
    [0, 0, 0].map((now) => bucket.take(2, now)),
    [true, true, false],
  )
  t.equal(bucket.take(2, 400), false)
  t.equal(bucket.take(2, 600), true)
  t.equal(bucket.take(2, 600), false)
  t.strictSame(
    [60_000, 60_000, 60_000].map((now) => bucket.take(2, now)),
    [true, true, false],
  )
})

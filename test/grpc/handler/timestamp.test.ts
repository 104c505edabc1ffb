import t from 'tap'
import { toTimestamp } from '../../../src/grpc/handler/timestamp.js'

await t.test('toTimestamp splits milliseconds into seconds and nanoseconds', async (t) => {
  t.strictSame(toTimestamp(1_800_000_000_123), { seconds: 1_800_000_000, nanos: 123_000_000 })
  t.strictSame(toTimestamp(0), { seconds: 0, nanos: 0 })
  t.strictSame(toTimestamp(-1), { seconds: -1, nanos: 999_000_000 })
})

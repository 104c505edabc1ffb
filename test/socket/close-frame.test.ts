import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import { closeFrameOf } from '../../src/socket/close-frame.js'

await t.test('every cause has its close frame', async (t) => {
  t.strictSame(closeFrameOf('slow'), { code: 1013, reason: 'slow_consumer' })
  t.strictSame(closeFrameOf('idle'), { code: 4504, reason: 'connection_idle' })
  t.strictSame(closeFrameOf('rate_limited'), { code: 4429, reason: 'rate_limited' })
  t.strictSame(closeFrameOf('shutdown'), { code: 1001, reason: 'server_shutdown' })
  const large = new AppError('RESOURCE_EXHAUSTED', 'too_large', 'x')
  t.strictSame(closeFrameOf(large), { code: 1009, reason: 'too_large' })
  t.strictSame(closeFrameOf(new Error('bug')), { code: 1011, reason: 'internal' })
})

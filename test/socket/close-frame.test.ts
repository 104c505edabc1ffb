import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import { closeFrameOf, refusedFrameCode } from '../../src/socket/close-frame.js'

await t.test('every cause has its close frame', async (t) => {
  t.strictSame(closeFrameOf('slow'), { code: 1013, reason: 'slow_consumer' })
  t.strictSame(closeFrameOf('idle'), { code: 4504, reason: 'connection_idle' })
  t.strictSame(closeFrameOf('rate_limited'), { code: 4429, reason: 'rate_limited' })
  t.strictSame(closeFrameOf('shutdown'), { code: 1001, reason: 'server_shutdown' })
  const large = new AppError('RESOURCE_EXHAUSTED', 'too_large', 'x')
  t.strictSame(closeFrameOf(large), { code: 1009, reason: 'too_large' })
  t.strictSame(closeFrameOf(new Error('bug')), { code: 1011, reason: 'internal' })
})

await t.test('a frame that the library refuses has its code', (t) => {
  const coded = (code: string) => Object.assign(new Error('refused'), { code })
  t.equal(refusedFrameCode(coded('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')), 1009)
  t.equal(refusedFrameCode(coded('WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH')), 1009)
  t.equal(refusedFrameCode(coded('WS_ERR_TOO_MANY_BUFFERED_PARTS')), 1008)
  t.equal(refusedFrameCode(coded('WS_ERR_INVALID_UTF8')), 1007)
  t.equal(refusedFrameCode(coded('WS_ERR_EXPECTED_MASK')), 1002)
  t.equal(refusedFrameCode(coded('ECONNRESET')), null)
  t.equal(refusedFrameCode(new Error('other')), null)
  t.end()
})

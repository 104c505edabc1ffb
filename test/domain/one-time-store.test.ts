import t from 'tap'
import { assertOneTimeValue } from '../../src/domain/one-time-store.js'

await t.test('a one-time value is limited in bytes', async (t) => {
  assertOneTimeValue('ä'.repeat(8_192))
  t.throws(() => assertOneTimeValue(`${'ä'.repeat(8_192)}x`), {
    code: 'INVALID_ARGUMENT',
    message: 'The value must not be longer than 16384 bytes.',
  })
})

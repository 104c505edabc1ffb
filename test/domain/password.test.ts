import t from 'tap'
import { normalizePassword } from '../../src/domain/password.js'

await t.test('one password typed in two Unicode forms is one password', async (t) => {
  t.equal(normalizePassword('re\u0301sume\u0301-1'), normalizePassword('r\u00e9sum\u00e9-1'))
})

await t.test('passwords have 8 to 1024 bytes', async (t) => {
  t.equal(normalizePassword('12345678'), '12345678')
  t.equal(normalizePassword('p'.repeat(1024)).length, 1024)
  for (const password of ['', '1234567', 'p'.repeat(1025), 'é'.repeat(600), 'p'.repeat(1 << 20)]) {
    t.throws(() => normalizePassword(password), {
      code: 'INVALID_ARGUMENT',
      message: 'A password has 8 to 1024 bytes.',
      details: [{ path: 'password' }],
    })
  }
})

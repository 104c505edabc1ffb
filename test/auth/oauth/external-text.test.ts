import t from 'tap'
import { providerIdOf, textOf } from '../../../src/auth/oauth/external-text.js'

await t.test('textOf gives texts and nothing else', async (t) => {
  t.equal(textOf('a'), 'a')
  for (const value of ['', 1, null, undefined, {}, ['a'], true]) t.equal(textOf(value), null)
})

await t.test('providerIdOf takes what can be kept as it is', async (t) => {
  for (const id of ['1', 'a|b', 'x'.repeat(191), 'https://x/y#z']) t.equal(providerIdOf(id), id)
  for (const id of ['', 'x'.repeat(192), 'a b', 'a\n', 'ä', '\u202e', 1, null, undefined]) {
    t.throws(() => providerIdOf(id), {
      code: 'INVALID_ARGUMENT',
      reason: 'provider_answer_invalid',
    })
  }
})

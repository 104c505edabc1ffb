import t from 'tap'
import { maskSecrets } from '../../src/util/mask-secrets.js'

await t.test('secrets are masked at any of four levels, the rest is untouched', async (t) => {
  const fields = {
    user: 'ada',
    password: 'hunter2',
    request: { headers: { authorization: 'Bearer x', accept: '*/*' }, path: '/me' },
    a: { b: { c: { d: { token: 't' } } } },
  }
  t.same(maskSecrets(fields), {
    user: 'ada',
    password: '[masked]',
    request: { headers: { authorization: '[masked]', accept: '*/*' }, path: '/me' },
    a: { b: { c: { d: { token: '[masked]' } } } },
  })
  t.equal(fields.password, 'hunter2', 'the given object is not changed')
})

await t.test('an object without secrets is given back as it is', async (t) => {
  const err = new Error('token')
  const fields = { err, list: [1], nothing: null, deep: { path: '/' } }
  t.equal(maskSecrets(fields), fields)
})

import t from 'tap'
import { createClientCheck } from '../../src/http/client-credentials.js'

const SECRET = 'secret-of-thirty-two-characters!'
const NEXT = 'another:secret%of+36-characters-long'
const check = createClientCheck([`billing:${SECRET}`, `billing:${NEXT}`, `shop:${SECRET}1`])

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
const encoded = (name: string, secret: string) =>
  basic(`${encodeURIComponent(name)}:${encodeURIComponent(secret)}`)

await t.test('each configured secret passes, by header and by form', (t) => {
  for (const [name, secret] of [
    ['billing', SECRET],
    ['billing', NEXT],
    ['shop', `${SECRET}1`],
  ] as const) {
    t.doesNotThrow(() => check(encoded(name, secret), {}), name)
    t.doesNotThrow(() => check({}, { client_id: name, client_secret: secret }), name)
  }
  t.doesNotThrow(() =>
    check(
      { authorization: basic(`billing:${SECRET}`).authorization.replace('Basic', 'BASIC') },
      {},
    ),
  )
  t.doesNotThrow(() => check(encoded('billing', SECRET), { client_id: 'billing' }))
  t.end()
})

await t.test('everything else is refused in one way', (t) => {
  const invalid = { code: 'UNAUTHENTICATED', reason: 'client_invalid' }
  const wrong = [
    basic(''),
    basic(':'),
    basic('billing'),
    basic(`billing:${SECRET}x`),
    basic(`shop:${SECRET}`),
    basic(`Billing:${SECRET}`),
    basic('billing:%'),
    { authorization: 'Basic' },
    { authorization: `Bearer ${SECRET}` },
    {},
  ]
  for (const headers of wrong) {
    t.throws(() => check(headers, {}), invalid, JSON.stringify(headers))
  }
  t.throws(() => check({}, { client_id: `billing:${SECRET}` }), invalid)
  t.throws(() => check({}, { client_secret: SECRET }), invalid)
  t.throws(() => createClientCheck([])({}, {}), invalid)
  t.end()
})

await t.test('credentials in two places are refused', (t) => {
  t.throws(() => check(encoded('billing', SECRET), { client_secret: SECRET }), {
    code: 'INVALID_ARGUMENT',
    reason: 'credentials_ambiguous',
  })
  t.end()
})

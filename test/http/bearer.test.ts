import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { readBearer } from '../../src/http/bearer.js'

function request(...values: string[]): IncomingMessage {
  const rawHeaders = ['Host', 'localhost', ...values.flatMap((value) => ['Authorization', value])]
  // As Node does it: the first wins.
  return { headers: { authorization: values[0] }, rawHeaders } as unknown as IncomingMessage
}

await t.test('readBearer gives the token, whatever the case of the scheme', (t) => {
  t.equal(readBearer(request('Bearer abc.def-_~+/==')), 'abc.def-_~+/==')
  t.equal(readBearer(request('bearer abc')), 'abc')
  t.equal(readBearer(request('BEARER   abc')), 'abc')
  t.end()
})

await t.test('readBearer gives null without the header', (t) => {
  t.equal(readBearer(request()), null)
  t.end()
})

await t.test('readBearer refuses anything but one Bearer token', (t) => {
  for (const value of [
    '',
    'abc',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Basic abc',
    'Bearer "a"',
    'Bearer a,b',
    'Bearerabc',
    'Bearer\tabc',
    'Bearer =a',
  ]) {
    t.throws(
      () => readBearer(request(value)),
      { code: 'UNAUTHENTICATED', reason: 'credentials_malformed' },
      JSON.stringify(value),
    )
  }
  t.end()
})

await t.test('readBearer refuses two headers, even equal ones', (t) => {
  const expected = { code: 'INVALID_ARGUMENT', reason: 'credentials_ambiguous' }
  t.throws(() => readBearer(request('Bearer a', 'Bearer a')), expected)
  t.throws(() => readBearer(request('Bearer a', 'Basic b')), expected)
  t.end()
})

import t from 'tap'
import { parseCompactToken, splitCompactToken } from '../../src/auth/compact-token.js'
import { encode } from '../helpers/test-keys.js'

const part = (members: object): string => encode(JSON.stringify(members))

const HEADER = { alg: 'ES256', kid: 'key-1', typ: 'at+jwt' }

await t.test('parseCompactToken takes a token apart', async (t) => {
  const token = `${part(HEADER)}.${part({ sub: 'u' })}.${encode('signature')}`
  const parsed = parseCompactToken(token)
  t.match(parsed, { keyId: 'key-1', algorithm: 'ES256', type: 'at+jwt' })
  t.equal(parsed?.payload.toString(), '{"sub":"u"}')
  t.equal(parsed?.signature.toString(), 'signature')
  t.equal(parsed?.signedBytes.toString(), token.slice(0, token.lastIndexOf('.')))
})

await t.test('parseCompactToken wants exactly its three header members', async (t) => {
  const body = `${part({})}.${encode('s')}`
  const headers = [
    { alg: 'ES256', kid: 'key-1' },
    { ...HEADER, cty: 'JWT' },
    { ...HEADER, alg: 'HS256' },
    { ...HEADER, kid: 'a/b' },
    { ...HEADER, typ: 1 },
    { alg: 'ES256', kid: 'key-1', Typ: 'at+jwt' },
  ]
  for (const header of headers) {
    t.equal(parseCompactToken(`${part(header)}.${body}`), null, JSON.stringify(header))
  }
  t.ok(parseCompactToken(`${part({ typ: 'x', kid: 'k', alg: 'EdDSA' })}.${body}`))
})

await t.test('splitCompactToken takes three full parts in canonical spelling', async (t) => {
  t.ok(splitCompactToken('YQ.YQ.YQ'))
  t.equal(splitCompactToken('YQ..YQ')?.payload.length, 0)
  const others = ['', '.', '..', 'YQ.YQ', 'YQ.YQ.', '.YQ.YQ', 'YQ.YQ.YQ.YQ', 'YR.YQ.YQ']
  for (const token of [
    ...others,
    'YQ==.YQ.YQ',
    'YQ.Y Q.YQ',
    'YQ.YQ.Y',
    'YQ.YQ.é',
    'YQ.YQ.\ud800',
  ]) {
    t.equal(splitCompactToken(token), null, JSON.stringify(token))
  }
  t.equal(splitCompactToken(`YQ.YQ.${'A'.repeat(4096)}`), null)
})

import t from 'tap'
import { KEY_ALGORITHMS } from '../../src/domain/token.js'
import { createTestKey, encode, signParts } from '../helpers/test-keys.js'
import {
  ACCESS_SECONDS,
  AUDIENCE,
  createTokenHouse,
  es256,
  ISSUER,
  REFRESH_SECONDS,
  refuses,
  SKEW_SECONDS,
  TAB_SECONDS,
} from '../helpers/token-house.js'

await t.test('verifier reads what the issuer wrote, for each algorithm', async (t) => {
  for (const algorithm of KEY_ALGORITHMS) {
    const house = createTokenHouse(createTestKey(algorithm, `key-${algorithm}`))
    const expected = {
      userId: 'user-1',
      sessionId: 'session-1',
      tokenId: 'token-1',
      role: 'admin',
      keyId: `key-${algorithm}`,
      issuedAt: house.clock.now(),
      expiresAt: house.clock.now() + ACCESS_SECONDS * 1000,
    }
    const token = await house.issueAccess()
    t.strictSame(await house.verifier.verifyAccess(token), expected, `${algorithm}, cold`)
    t.strictSame(await house.verifier.verifyAccess(token), expected, `${algorithm}, warm`)
    t.strictSame(await house.verifier.verifyRefresh(await house.issueRefresh()), {
      userId: 'user-1',
      sessionId: 'session-1',
      tokenId: 'token-2',
      keyId: `key-${algorithm}`,
      issuedAt: house.clock.now(),
      expiresAt: house.clock.now() + REFRESH_SECONDS * 1000,
    })
  }
})

await t.test('verifier keeps the time: expiry, issue, and the longest life', async (t) => {
  const { verifier, clock, claims, craft } = createTokenHouse()
  const { iat, exp } = claims
  const cases: [string, object, string | null][] = [
    ['as issued', {}, null],
    ['of another clock within the skew', { iat: iat + SKEW_SECONDS }, null],
    ['of the future', { iat: iat + SKEW_SECONDS + 1, exp }, 'token_claims_invalid'],
    ['valid from now on', { nbf: iat }, null],
    ['not valid yet', { nbf: iat + SKEW_SECONDS + 1 }, 'token_claims_invalid'],
    ['valid from nonsense on', { nbf: 'now' }, 'token_claims_invalid'],
    ['without iat', { iat: undefined }, 'token_claims_invalid'],
    ['without exp', { exp: undefined }, 'token_claims_invalid'],
    ['living a second too long', { exp: exp + 1 }, 'token_claims_invalid'],
    ['of the year 9999', { exp: 253_402_300_799 }, 'token_claims_invalid'],
    ['that ends when it begins', { exp: iat }, 'token_claims_invalid'],
    ['that ends before it begins', { exp: iat - 1 }, 'token_claims_invalid'],
    ['with a text', { exp: String(exp) }, 'token_claims_invalid'],
    ['with a fraction', { exp: exp - 0.5 }, 'token_claims_invalid'],
    ['with a negative', { exp: -exp }, 'token_claims_invalid'],
    ['with a huge number', { exp: 1e308 }, 'token_claims_invalid'],
    ['with null', { exp: null }, 'token_claims_invalid'],
    ['with a list', { exp: [exp] }, 'token_claims_invalid'],
  ]
  for (const [what, change, reason] of cases) {
    const token = craft({ payload: { ...claims, ...change } })
    if (reason === null) await t.resolves(verifier.verifyAccess(token), what)
    else await refuses(t, verifier, token, reason, what)
  }
  const infinite = JSON.stringify(claims).replace(String(exp), '1e999')
  await refuses(t, verifier, craft({ payload: infinite }), 'token_malformed', 'infinity')

  const cold = craft({})
  const warm = craft({})
  await verifier.verifyAccess(warm)
  clock.advance((ACCESS_SECONDS + SKEW_SECONDS) * 1000)
  await t.resolves(verifier.verifyAccess(cold), 'expired by exactly the skew')
  await t.resolves(verifier.verifyAccess(warm), 'expired by exactly the skew, warm')
  clock.advance(1)
  await refuses(t, verifier, cold, 'token_expired', 'expired by more')
  await refuses(t, verifier, warm, 'token_expired', 'expired by more, warm')
})

await t.test('verifier refuses claims that are not for this house', async (t) => {
  const { verifier, claims, craft } = createTokenHouse()
  const changes: object[] = [
    { iss: `${ISSUER}/` },
    { iss: 'https://g\u0430tehouse.test' },
    { iss: [ISSUER] },
    { iss: undefined },
    { aud: 'other' },
    { aud: [AUDIENCE] },
    { aud: [AUDIENCE, 'other'] },
    { aud: undefined },
    { sub: undefined },
    { sub: '' },
    { sub: {} },
    { sub: 'x'.repeat(65) },
    { sub: '\ud800' },
    { sid: undefined },
    { sid: 7 },
    { jti: undefined },
    { jti: '../x' },
    { role: undefined },
    { role: 'root' },
    { role: ['admin'] },
    { role: 'toString' },
  ]
  for (const change of changes) {
    const token = craft({ payload: { ...claims, ...change } })
    await refuses(t, verifier, token, 'token_claims_invalid', JSON.stringify(change))
  }
})

await t.test('verifier never takes one kind of token for another', async (t) => {
  const { verifier, claims, craft, issueAccess, issueRefresh } = createTokenHouse()
  const refused = { code: 'UNAUTHENTICATED', reason: 'token_claims_invalid' }
  await t.rejects(verifier.verifyAccess(await issueRefresh()), refused)
  await t.rejects(verifier.verifyRefresh(await issueAccess()), refused)
  const types = ['JWT', 'AT+JWT', 'at+JWT', 'application/at+jwt', 'rt+jwt', 'tab+jwt', 'jwt', '']
  for (const typ of types) {
    const token = craft({ header: { alg: 'ES256', kid: es256.id, typ } })
    await refuses(t, verifier, token, 'token_claims_invalid', `typ "${typ}"`)
  }
  const header = { alg: 'ES256', kid: es256.id, typ: 'rt+jwt' }
  await t.rejects(verifier.verifyRefresh(craft({ header })), refused, 'audience of the other kind')
  const payload = { ...claims, aud: `${AUDIENCE}/refresh` }
  await t.resolves(verifier.verifyRefresh(craft({ header, payload })))
  await t.rejects(verifier.verifyAccess(craft({ payload })), refused)
})

await t.test('verifier refuses JSON that two parsers may read differently', async (t) => {
  const { verifier, claims, craft } = createTokenHouse()
  const header = JSON.stringify({ alg: 'ES256', kid: es256.id, typ: 'at+jwt' })
  const payload = JSON.stringify(claims)
  const headers = [
    header.replace('{', '{"alg":"ES256",'),
    header.replace('{', '{"kid":"other",'),
    ` ${header}`,
    `${header}\n`,
    header.replace('"alg"', '"\\u0061lg"'),
    `[${header}]`,
    'null',
    '"text"',
    '{',
    `\ufeff${header}`,
  ]
  for (const changed of headers) {
    await refuses(t, verifier, craft({ header: changed }), 'token_malformed', changed)
  }
  const payloads = [
    payload.replace('{', '{"sub":"admin",'),
    payload.replace('}', ',"sub":"admin"}'),
    payload.replace('{', '{ '),
    payload.replace('"sub"', '"s\\u0075b"'),
    payload.replace(/"exp":(\d+)/, '"exp":$1.0'),
    payload.replace(/"exp":(\d+)/, '"exp":$1e0'),
    `[${payload}]`,
    'null',
    '',
    'not json',
    `\ufeff${payload}`,
    '['.repeat(1400),
  ]
  for (const changed of payloads) {
    await refuses(t, verifier, craft({ payload: changed }), 'token_malformed', changed.slice(0, 40))
  }
  const header64 = encode(header)
  const encodings = [
    Buffer.from(payload, 'utf16le'),
    Buffer.concat([Buffer.from([0xff]), Buffer.from(payload)]),
    Buffer.from(payload.replace('user-1', 'user-\u00ff'), 'latin1'),
  ]
  for (const bytes of encodings) {
    const token = signParts('ES256', es256.privateKey, header64, encode(bytes))
    await refuses(t, verifier, token, 'token_malformed', 'another encoding')
  }
})

await t.test(
  'verifier leaves prototypes alone and passes over claims it does not know',
  async (t) => {
    const { verifier, claims, craft } = createTokenHouse()
    const payload = JSON.stringify({ ...claims, constructor: 1, toString: 2, later: { a: [1] } })
    const poisoned = payload.replace('{', '{"__proto__":{"role":"admin"},')
    const verified = await verifier.verifyAccess(craft({ payload: poisoned }))
    t.equal(verified.role, 'user')
    t.equal(({} as Record<string, unknown>)['role'], undefined)
  },
)

await t.test('verifier forgets what a retired key proved, at once', async (t) => {
  const other = createTestKey('ES256', 'other')
  const { verifier, ring, issueAccess } = createTokenHouse(es256, other)
  const token = await issueAccess()
  await verifier.verifyAccess(token)
  ring.keys.delete(es256.id)
  await refuses(t, verifier, token, 'token_key_unknown', 'warm token of a retired key')
  ring.keys.set(es256.id, { ...es256, publicKey: other.publicKey })
  await refuses(t, verifier, token, 'token_signature_invalid', 'another key under the same id')
})

await t.test('verifier refuses a key that is retired while its signature is checked', async (t) => {
  const { verifier, ring, issueAccess } = createTokenHouse()
  const token = await issueAccess()
  const pending = verifier.verifyAccess(token)
  // The ring answers in a microtask, the check comes back from another thread after that.
  await Promise.resolve()
  ring.keys.clear()
  await t.rejects(pending, { code: 'UNAUTHENTICATED', reason: 'token_key_unknown' })
})

await t.test(
  'a tab token says which tab of which browser, also when it is past its end',
  async (t) => {
    const { verifier, issuer, clock } = createTokenHouse()
    const issuedAt = clock.now()
    const expiresAt = issuedAt + TAB_SECONDS * 1000
    const tab = { tabId: 'tab-1', clientId: 'laptop', issuedAt, expiresAt }
    const token = await issuer.issueTab(tab)
    t.strictSame(await verifier.verifyTab(token), { ...tab, isExpired: false })
    t.strictSame(await verifier.verifyTab(token), { ...tab, isExpired: false }, 'again, remembered')
    clock.advance(TAB_SECONDS * 1000 + SKEW_SECONDS * 1000 + 1)
    t.strictSame(await verifier.verifyTab(token), { ...tab, isExpired: true })
  },
)

await t.test('no kind of token is any other kind', async (t) => {
  const { verifier, issuer, clock, issueAccess, issueRefresh } = createTokenHouse()
  const issuedAt = clock.now()
  const tab = { tabId: 'tab-1', clientId: 'laptop', issuedAt, expiresAt: issuedAt + 60_000 }
  const tabToken = await issuer.issueTab(tab)
  const invalid = { code: 'UNAUTHENTICATED', reason: 'token_claims_invalid' }
  await t.rejects(verifier.verifyAccess(tabToken), invalid)
  await t.rejects(verifier.verifyRefresh(tabToken), invalid)
  await t.rejects(verifier.verifyTab(await issueAccess()), invalid)
  await t.rejects(verifier.verifyTab(await issueRefresh()), invalid)
  await verifier.verifyTab(tabToken)
  await t.rejects(verifier.verifyAccess(tabToken), invalid, 'also when its signature is known')
})

await t.test('an expired tab token is forgiven its end and nothing else', async (t) => {
  const { verifier, claims, craft, clock } = createTokenHouse()
  const good = { ...claims, aud: `${claims.aud}/tab`, exp: claims.iat + 60 }
  const header = { alg: 'ES256', kid: es256.id, typ: 'tab+jwt' }
  clock.advance(3_600_000)
  t.match(await verifier.verifyTab(craft({ header, payload: good })), { isExpired: true })
  for (const wrong of [
    { aud: claims.aud },
    { iss: 'somebody else' },
    { sub: '../../etc' },
    { exp: claims.iat },
    { exp: claims.iat + TAB_SECONDS + 1 },
    { exp: 'soon' },
    { nbf: claims.iat + 100_000 },
  ]) {
    await t.rejects(
      verifier.verifyTab(craft({ header, payload: { ...good, ...wrong } })),
      { code: 'UNAUTHENTICATED', reason: 'token_claims_invalid' },
      JSON.stringify(wrong),
    )
  }
})

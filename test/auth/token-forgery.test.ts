import { createHmac } from 'node:crypto'
import t from 'tap'
import { createTestKey, encode, signParts } from '../helpers/test-keys.js'
import { createTokenHouse, es256, refuses } from '../helpers/token-house.js'

await t.test('verifier refuses every spelling of no algorithm', async (t) => {
  const { verifier, claims } = createTokenHouse()
  for (const alg of ['none', 'None', 'NONE', 'noNe', '', 'es256', 'Es256']) {
    const header = encode(JSON.stringify({ alg, kid: es256.id, typ: 'at+jwt' }))
    const body = `${header}.${encode(JSON.stringify(claims))}`
    await refuses(t, verifier, `${body}.`, 'token_malformed', `"${alg}" without signature`)
    await refuses(t, verifier, `${body}.AAAA`, 'token_malformed', `"${alg}" with a signature`)
  }
})

await t.test('verifier refuses an HMAC made with the public key', async (t) => {
  const { verifier, claims } = createTokenHouse()
  const raw = es256.publicKey.export({ type: 'spki', format: 'der' })
  const secrets = [
    es256.publicKey.export({ type: 'spki', format: 'pem' }),
    raw,
    JSON.stringify(es256.publicKey.export({ format: 'jwk' })),
    raw.subarray(-65),
    'secret',
    '',
  ]
  for (const alg of ['HS256', 'ES256']) {
    const header = encode(JSON.stringify({ alg, kid: es256.id, typ: 'at+jwt' }))
    const body = `${header}.${encode(JSON.stringify(claims))}`
    for (const secret of secrets) {
      const mac = createHmac('sha256', secret).update(body).digest('base64url')
      const reason = alg === 'HS256' ? 'token_malformed' : 'token_signature_invalid'
      await refuses(t, verifier, `${body}.${mac}`, reason, `${alg} with an HMAC`)
    }
  }
})

await t.test('verifier refuses an algorithm that is not the one of the key', async (t) => {
  const rsa = createTestKey('RS256', 'rsa')
  const { verifier, claims } = createTokenHouse(rsa)
  const payload = encode(JSON.stringify(claims))
  for (const alg of ['RS512', 'ES256', 'EdDSA'] as const) {
    const header = encode(JSON.stringify({ alg, kid: 'rsa', typ: 'at+jwt' }))
    const algorithm = alg === 'RS512' ? 'RS512' : 'RS256'
    const token = signParts(algorithm, rsa.privateKey, header, payload)
    await refuses(t, verifier, token, 'token_signature_invalid', alg)
  }
  for (const alg of ['PS256', 'ES384', 'RS384']) {
    const header = encode(JSON.stringify({ alg, kid: 'rsa', typ: 'at+jwt' }))
    const token = signParts('RS256', rsa.privateKey, header, payload)
    await refuses(t, verifier, token, 'token_malformed', alg)
  }
})

await t.test('verifier looks for no key whose id is not a plain short name', async (t) => {
  const { verifier, craft, ring } = createTokenHouse()
  const ids = [
    '../../../../dev/null',
    '/etc/passwd',
    'file:key',
    'key\0',
    "x' UNION SELECT 1 --",
    'x'.repeat(65),
    '',
    1,
    null,
    ['key-ES256'],
    { id: 'key-ES256' },
  ]
  for (const kid of ids) {
    const token = craft({ header: { alg: 'ES256', kid, typ: 'at+jwt' } })
    await refuses(t, verifier, token, 'token_malformed', JSON.stringify(kid))
  }
  await refuses(
    t,
    verifier,
    craft({ header: { alg: 'ES256', kid: 'x'.repeat(65_536), typ: 'at+jwt' } }),
    'token_malformed',
    'an id of 64 KiB',
  )
  await refuses(
    t,
    verifier,
    craft({ header: { alg: 'ES256', typ: 'at+jwt' } }),
    'token_malformed',
    'no id',
  )
  t.strictSame(ring.missed, [], 'the ring was never asked')
  const unknown = craft({ header: { alg: 'ES256', kid: 'stranger', typ: 'at+jwt' } })
  await refuses(t, verifier, unknown, 'token_key_unknown', 'an unknown id')
  t.strictSame(ring.missed, ['stranger', 'stranger'])
})

await t.test('verifier refuses headers with anything but alg, kid and typ', async (t) => {
  const { verifier, craft } = createTokenHouse()
  const right = { alg: 'ES256', kid: es256.id, typ: 'at+jwt' }
  const extras = {
    jwk: es256.publicKey.export({ format: 'jwk' }),
    jku: 'https://evil.test/keys',
    x5u: 'https://evil.test/cert',
    x5c: ['MIIB'],
    crit: ['exp'],
    b64: false,
    zip: 'DEF',
    cty: 'JWT',
    __proto__x: 1,
  }
  for (const [name, value] of Object.entries(extras)) {
    const token = craft({ header: { ...right, [name]: value } })
    await refuses(t, verifier, token, 'token_malformed', name)
  }
  await refuses(
    t,
    verifier,
    craft({ header: { ...right, crit: [] } }),
    'token_malformed',
    'empty crit',
  )
  await refuses(
    t,
    verifier,
    craft({ header: { alg: 'ES256', kid: es256.id } }),
    'token_malformed',
    'no typ',
  )
})

await t.test('verifier refuses what is not a compact JWS', async (t) => {
  const { verifier, issueAccess } = createTokenHouse()
  const token = await issueAccess()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const jwe = `${encode('{"alg":"dir","enc":"A256GCM"}')}..AAAA.AAAA.AAAA`
  const pbes = `${encode('{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483648}')}.A.A.A.A`
  const others: Record<string, string> = {
    empty: '',
    dots: '..',
    'one part': header,
    'two parts': `${header}.${payload}`,
    'four parts': `${token}.AAAA`,
    'no header': `.${payload}.${signature}`,
    'no signature': `${header}.${payload}.`,
    JWE: jwe,
    'JWE with a huge count': pbes,
    flattened: JSON.stringify({ protected: header, payload, signature }),
    general: JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
    'with its scheme': `Bearer ${token}`,
  }
  for (const [what, other] of Object.entries(others)) {
    await refuses(t, verifier, other, 'token_malformed', what)
  }
  const detached = `${header}..${signature}`
  await refuses(t, verifier, detached, 'token_signature_invalid', 'detached payload')
})

await t.test('verifier takes only the one spelling of each part', async (t) => {
  const { verifier, issueAccess } = createTokenHouse()
  const token = await issueAccess()
  await verifier.verifyAccess(token)
  const parts = token.split('.')
  for (const space of [' ', '\t', '\r', '\n', '\0', '\u00a0', '\ufeff', '=', '==', '%20']) {
    for (let index = 0; index < parts.length; index += 1) {
      const part = parts[index] ?? ''
      const middle = `${part.slice(0, 4)}${space}${part.slice(4)}`
      for (const spelled of [`${space}${part}`, `${part}${space}`, middle]) {
        const changed = parts.with(index, spelled).join('.')
        await refuses(t, verifier, changed, 'token_malformed', JSON.stringify(spelled.slice(0, 8)))
      }
    }
  }
  const mirrored = [
    [/-/g, '+'],
    [/_/g, '/'],
  ] as const
  for (const [pattern, letter] of mirrored) {
    const changed = token.replace(pattern, letter)
    if (changed !== token) await refuses(t, verifier, changed, 'token_malformed', letter)
  }
})

await t.test('verifier refuses stray bits in the last character', async (t) => {
  const { verifier, issueAccess } = createTokenHouse()
  const token = await issueAccess()
  await verifier.verifyAccess(token)
  // 64 bytes of signature are 86 characters, the last of which carries 2 bits and 4 that must be 0.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.at(-1) ?? '')
  for (let stray = 1; stray < 16; stray += 1) {
    const changed = `${token.slice(0, -1)}${alphabet[last + stray]}`
    await refuses(t, verifier, changed, 'token_malformed', `${stray} in the last character`)
  }
})

await t.test('verifier refuses a token with any single bit flipped', async (t) => {
  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    const { verifier, issueAccess } = createTokenHouse(createTestKey(algorithm))
    const token = await issueAccess()
    await verifier.verifyAccess(token)
    const accepted: string[] = []
    const flips: Promise<void>[] = []
    for (let index = 0; index < token.length; index += 1) {
      for (let bit = 0; bit < 7; bit += 1) {
        const flipped = String.fromCharCode(token.charCodeAt(index) ^ (1 << bit))
        const changed = `${token.slice(0, index)}${flipped}${token.slice(index + 1)}`
        const check = verifier.verifyAccess(changed).then(
          () => void accepted.push(`${algorithm} character ${index}, bit ${bit}`),
          () => undefined,
        )
        flips.push(check)
      }
    }
    await Promise.all(flips)
    t.strictSame(accepted, [], `${flips.length} changes of a token signed with ${algorithm}`)
  }
})

await t.test('verifier refuses special and misshapen ECDSA signatures', async (t) => {
  const { verifier, issueAccess } = createTokenHouse()
  const token = await issueAccess()
  const body = token.slice(0, token.lastIndexOf('.'))
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
  const zero = '00'.repeat(32)
  const signatures = [zero + zero, order + order, order + zero, zero + order, '00', '00'.repeat(63)]
  signatures.push('00'.repeat(65), '30060201010201 01'.replace(' ', ''))
  for (const hex of signatures) {
    const changed = `${body}.${Buffer.from(hex, 'hex').toString('base64url')}`
    await refuses(t, verifier, changed, 'token_signature_invalid', hex)
  }
})

await t.test('verifier gives the mirrored twin of a signature the same identity', async (t) => {
  const { verifier, issueAccess } = createTokenHouse()
  const token = await issueAccess()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const hex = Buffer.from(signature, 'base64url').toString('hex')
  const mirrored = (order - BigInt(`0x${hex.slice(64)}`)).toString(16).padStart(64, '0')
  const twin = Buffer.from(hex.slice(0, 64) + mirrored, 'hex').toString('base64url')
  const original = await verifier.verifyAccess(token)
  t.strictSame(await verifier.verifyAccess(`${header}.${payload}.${twin}`), original)
})

await t.test('verifier refuses oversize tokens without reading them', async (t) => {
  const { verifier, claims, craft, ring } = createTokenHouse()
  const room = craft({ payload: { ...claims, filler: 'x'.repeat(2500) } })
  t.ok(room.length < 4096)
  await t.resolves(verifier.verifyAccess(room), 'just under the cap')
  const over = craft({ payload: { ...claims, filler: 'x'.repeat(2900) } })
  t.ok(over.length > 4096)
  await refuses(t, verifier, over, 'token_malformed', 'just over the cap')
  for (const size of [16_384, 1_048_576, 8_388_608]) {
    await refuses(t, verifier, 'a'.repeat(size), 'token_malformed', `${size} characters`)
  }
  const nested = `${encode('[['.repeat(100_000))}.AAAA.AAAA`
  await refuses(t, verifier, nested, 'token_malformed', 'nested 200,000 deep')
  const header = `{"alg":"ES256","kid":"${es256.id}","typ":"${'x'.repeat(300)}"}`
  await refuses(t, verifier, craft({ header }), 'token_malformed', 'a long header')
  t.strictSame(ring.missed, [])
})

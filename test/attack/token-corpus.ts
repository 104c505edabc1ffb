import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { createTestKey, encode, signParts } from '../helpers/test-keys.js'
import type { AttackHouse } from './house.js'

/** Tokens that must be refused wherever they are shown, under the title of their test. */
export interface TokenCase {
  /** Numbers of the checklist, and what is tried. */
  readonly title: string
  readonly tokens: readonly string[]
  /** Any of these is a right reason; the transports have theirs for what is no token at all. */
  readonly reasons: readonly string[]
}

const MALFORMED = ['token_malformed']
const CLAIMS = ['token_claims_invalid']
const SIGNATURE = ['token_signature_invalid']

export function tokenCases(house: AttackHouse): readonly TokenCase[] {
  return [
    ...algorithmCases(house),
    ...headerCases(house),
    ...formCases(house),
    ...signatureCases(house),
    ...claimCases(house),
  ]
}

function algorithmCases({ header, claims, publicKey, craft }: AttackHouse): TokenCase[] {
  const payload = encode(JSON.stringify(claims))
  const bodyWith = (alg: string) => `${encode(JSON.stringify({ ...header, alg }))}.${payload}`
  const secrets = [
    publicKey.export({ type: 'spki', format: 'pem' }),
    publicKey.export({ type: 'spki', format: 'der' }),
    JSON.stringify(publicKey.export({ format: 'jwk' })),
    publicKey.export({ type: 'spki', format: 'der' }).subarray(-65),
  ]
  const weak = ['', 'secret', 'password', 'changeme', 'your-256-bit-secret', 'key', '\0'.repeat(32)]
  const hmac = (alg: string, secret: string | Buffer): string => {
    const mac = createHmac('sha256', secret).update(bodyWith(alg)).digest('base64url')
    return `${bodyWith(alg)}.${mac}`
  }
  const rsa = createTestKey('RS256')
  return [
    {
      title: 'J-01 no algorithm, in any spelling',
      tokens: ['none', 'None', 'NONE', 'noNe', ''].flatMap((alg) => [
        `${bodyWith(alg)}.`,
        `${bodyWith(alg)}.AAAA`,
      ]),
      reasons: MALFORMED,
    },
    {
      title: 'J-02 an HMAC with the public key as the secret',
      tokens: secrets.flatMap((secret) => [hmac('HS256', secret), hmac('ES256', secret)]),
      reasons: [...MALFORMED, ...SIGNATURE],
    },
    {
      title: 'J-03 the algorithm in the wrong case',
      tokens: ['es256', 'Es256', 'ES-256', ' ES256'].map((alg) =>
        craft({ header: { ...header, alg } }),
      ),
      reasons: MALFORMED,
    },
    {
      title: 'J-04 another algorithm than that of the key',
      tokens: [
        ...['ES384', 'ES512', 'ES256K', 'PS256', 'RS256', 'RS512', 'EdDSA'].map((alg) =>
          craft({ header: { ...header, alg } }),
        ),
        signParts('RS256', rsa.privateKey, bodyWith('RS256').split('.')[0] ?? '', payload),
      ],
      reasons: [...MALFORMED, ...SIGNATURE],
    },
    {
      title: 'J-37 weak secrets as HMAC keys',
      tokens: weak.flatMap((secret) => [hmac('HS256', secret), hmac('ES256', secret)]),
      reasons: [...MALFORMED, ...SIGNATURE],
    },
  ]
}

function headerCases({ header, publicKey, craft }: AttackHouse): TokenCase[] {
  const withKid = (kid: unknown) => craft({ header: { ...header, kid } })
  const withMore = (more: object) => craft({ header: { ...header, ...more } })
  const jwk = publicKey.export({ format: 'jwk' })
  return [
    {
      title: 'J-05 a key id that is a path',
      tokens: ['../../../../dev/null', '/dev/null', 'file:///dev/null', `${header.kid}\0`, '.'].map(
        withKid,
      ),
      reasons: MALFORMED,
    },
    {
      title: 'J-06 a key id that is SQL, huge, or no text',
      tokens: ["x' UNION SELECT 'a' --", 'x'.repeat(2000), 'x'.repeat(65_536), 7, [], {}, null].map(
        withKid,
      ),
      reasons: MALFORMED,
    },
    {
      title: 'J-08 no key id',
      tokens: [
        craft({ header: { alg: header.alg, typ: header.typ } }),
        craft({ header: { alg: header.alg, typ: header.typ, kid: '' } }),
      ],
      reasons: MALFORMED,
    },
    {
      title: 'J-10 a key that the token brings along',
      tokens: [
        withMore({ jwk }),
        withMore({ jku: 'http://127.0.0.1:1/keys' }),
        withMore({ x5u: 'http://127.0.0.1:1/cert' }),
        withMore({ x5c: ['MIIB'] }),
      ],
      reasons: MALFORMED,
    },
    {
      title: 'J-11 headers that must be understood',
      tokens: [
        withMore({ crit: ['exp'] }),
        withMore({ crit: [] }),
        withMore({ crit: ['x'], x: 1 }),
        withMore({ crit: ['absent'] }),
      ],
      reasons: MALFORMED,
    },
    {
      title: 'J-12 an unencoded or a detached payload',
      tokens: [
        withMore({ b64: false, crit: ['b64'] }),
        withMore({ b64: false }),
        craft({}).replace(/\.[^.]*\./, '..'),
      ],
      reasons: [...MALFORMED, ...SIGNATURE],
    },
    {
      title: 'J-13 a compressed payload',
      tokens: [withMore({ zip: 'DEF' }), withMore({ zip: 'none' })],
      reasons: MALFORMED,
    },
    {
      title: 'J-14 a token inside a token',
      tokens: [
        withMore({ cty: 'JWT' }),
        craft({ header: { ...header, cty: 'JWT' }, payload: craft({}) }),
      ],
      reasons: MALFORMED,
    },
  ]
}

function formCases({ header, craft }: AttackHouse): TokenCase[] {
  const token = craft({})
  const parts = token.split('.')
  const [head = '', payload = '', signature = ''] = parts
  const spelled = (texts: readonly string[]) =>
    texts.flatMap((text) =>
      parts.flatMap((part, index) =>
        [`${text}${part}`, `${part}${text}`, `${part.slice(0, 4)}${text}${part.slice(4)}`].map(
          (changed) => parts.with(index, changed).join('.'),
        ),
      ),
    )
  const jwe = (alg: string, more: object = {}) =>
    `${encode(JSON.stringify({ alg, enc: 'A128GCM', ...more }))}.AAAA.AAAA.AAAA.AAAA`
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.at(-1) ?? '')
  const nested = `${encode('['.repeat(200_000))}.AAAA.AAAA`
  return [
    {
      title: 'J-15 an encrypted token',
      tokens: [
        jwe('dir'),
        jwe('RSA1_5'),
        jwe('PBES2-HS256+A128KW', { p2c: 2_147_483_648, p2s: 'AAAA' }),
      ],
      reasons: MALFORMED,
    },
    {
      title: 'J-16 the JSON serialisations',
      tokens: [
        JSON.stringify({ protected: head, payload, signature }),
        JSON.stringify({ payload, signatures: [{ protected: head, signature }] }),
        JSON.stringify({ header, payload, signature }),
      ],
      reasons: MALFORMED,
    },
    {
      title: 'J-17 white space anywhere',
      tokens: spelled([' ', '\t', '\r', '\n', '\u00a0', '\0']).filter(
        // Around the whole, white space belongs to the header field and not to the token (RFC 9110 §5.5).
        (changed) => changed.trim() !== token,
      ),
      reasons: MALFORMED,
    },
    {
      title: 'J-18 padding, the other alphabet, stray bits',
      tokens: [
        ...spelled(['=', '==']),
        ...[1, 2, 3, 7, 15].map((stray) => token.slice(0, -1) + (alphabet[last + stray] ?? '')),
        token.replaceAll('-', '+').replaceAll('_', '/'),
      ].filter((changed) => changed !== token),
      reasons: MALFORMED,
    },
    {
      title: 'J-36 huge and deeply nested tokens',
      tokens: [
        'a'.repeat(6_000),
        'a'.repeat(16_384),
        'a'.repeat(1_048_576),
        'a'.repeat(8_388_608),
        nested,
      ],
      reasons: MALFORMED,
    },
  ]
}

function signatureCases({ header, claims, craft }: AttackHouse): TokenCase[] {
  const token = craft({})
  const body = token.slice(0, token.lastIndexOf('.'))
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
  const zero = '0'.repeat(64)
  const values = [zero + zero, order + order, zero + order, order + zero, 'ff'.repeat(64)]
  const lengths = ['00', '00'.repeat(63), '00'.repeat(65), '3006020101020101', '00'.repeat(256)]
  const withSignature = (hex: string) => `${body}.${encode(Buffer.from(hex, 'hex'))}`
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const foreign = sign('sha256', Buffer.from(body), {
    key: stranger.privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  const promoted = encode(JSON.stringify({ ...claims, role: 'admin' }))
  // PKCS#1 v1.5 paddings as forged under a key with exponent 3; no RSA key of ours is there to fool.
  const rsa = createPublicKey(
    createTestKey('RS256').publicKey.export({ type: 'spki', format: 'pem' }),
  )
  const padded = [`0001${'ff'.repeat(8)}00`, `0001${'00'.repeat(253)}`, '00'.repeat(256)]
  const rsaBody = `${encode(JSON.stringify({ ...header, alg: 'RS256' }))}.${encode(JSON.stringify(claims))}`
  return [
    {
      title: 'J-20 zero, the order of the curve, wrong lengths as a signature',
      tokens: [...values, ...lengths].map(withSignature),
      reasons: SIGNATURE,
    },
    {
      title: 'J-21 changed parts, and any single bit flipped',
      tokens: [
        token.replace(/\.[^.]*\./, `.${promoted}.`),
        `${body}.${encode(foreign)}`,
        ...flippedBits(token),
      ],
      reasons: [...MALFORMED, ...SIGNATURE, 'token_key_unknown'],
    },
    {
      title: 'J-22 forged RSA paddings',
      tokens: padded
        .map((hex) => hex.padEnd((rsa.asymmetricKeyDetails?.modulusLength ?? 0) / 4, '0'))
        .map((hex) => `${rsaBody}.${encode(Buffer.from(hex, 'hex'))}`),
      reasons: SIGNATURE,
    },
  ]
}

/** Every part is hit; all bits of a token are flipped where it costs no round trip, at the verifier. */
function flippedBits(token: string): string[] {
  return Array.from({ length: 60 }, (_, index) => {
    const at = Math.floor((index / 60) * token.length)
    const flipped = String.fromCharCode(token.charCodeAt(at) ^ (1 << (index % 6)))
    return `${token.slice(0, at)}${flipped}${token.slice(at + 1)}`
  })
}

function claimCases({ claims, header, craft, ada, config }: AttackHouse): TokenCase[] {
  const now = Math.floor(Date.now() / 1000)
  const withClaims = (change: object) => craft({ payload: { ...claims, ...change } })
  const all = (changes: readonly object[]) => changes.map(withClaims)
  const longest = config.auth.accessTokenSeconds
  const { issuer } = config.auth
  const raw = (change: (text: string) => string) =>
    craft({ payload: change(JSON.stringify(claims)) })
  const rawHeader = (change: (text: string) => string) =>
    craft({ header: change(JSON.stringify(header)) })
  const typed = (typ: unknown) => craft({ header: { ...header, typ } })
  return [
    {
      title: 'J-23 a token that has expired',
      tokens: all([
        { iat: now - 600, exp: now - 6 },
        { iat: now - 100_000, exp: now - 99_999 },
      ]),
      reasons: ['token_expired'],
    },
    {
      title: 'J-24 a token that is not good yet',
      tokens: all([{ nbf: now + 60 }, { nbf: '0' }, { nbf: null }, { nbf: 1e308 }]),
      reasons: [...CLAIMS, ...MALFORMED],
    },
    {
      title: 'J-25 no time of issue, or one in the future',
      tokens: all([{ iat: undefined }, { iat: now + 60, exp: now + 120 }, { iat: `${now}` }]),
      reasons: CLAIMS,
    },
    {
      title: 'J-26 no expiry, or one too far away',
      tokens: all([
        { exp: undefined },
        { exp: 253_402_300_799 },
        { exp: Number(claims['iat']) + longest + 1 },
      ]),
      reasons: CLAIMS,
    },
    {
      title: 'J-27 an expiry that is no number of seconds',
      tokens: [
        ...all([
          { exp: `${now + 60}` },
          { exp: now + 60.5 },
          { exp: -1 },
          { exp: [] },
          { exp: null },
        ]),
        raw((text) => text.replace(/"exp":\d+/, '"exp":1e308')),
        raw((text) => text.replace(/"exp":\d+/, '"exp":NaN')),
      ],
      reasons: [...CLAIMS, ...MALFORMED],
    },
    {
      title: 'J-28 another issuer',
      tokens: all([
        { iss: `${issuer}/` },
        { iss: [issuer] },
        { iss: 'g\u0430tehouse' },
        { iss: 1 },
      ]),
      reasons: CLAIMS,
    },
    {
      title: 'J-29 another audience, or a list of them',
      tokens: all([{ aud: 'other' }, { aud: [claims['aud'], 'other'] }, { aud: [claims['aud']] }]),
      reasons: CLAIMS,
    },
    {
      title: 'J-30 a subject that is nobody',
      tokens: all([{ sub: undefined }, { sub: '' }, { sub: {} }, { sub: 'x'.repeat(2000) }]),
      reasons: CLAIMS,
    },
    {
      title: 'J-31 another kind of token',
      tokens: [
        ada.refreshToken,
        ...['rt+jwt', 'tab+jwt', 'logout+jwt', 'id+jwt', 'reset+jwt'].map(typed),
        craft({ payload: { ...claims, aud: `${String(claims['aud'])}/refresh` } }),
      ],
      reasons: CLAIMS,
    },
    {
      title: 'J-32 the type in another spelling',
      tokens: [
        ...['JWT', 'jwt', 'AT+JWT', 'at+JWT', 'application/at+jwt', ''].map(typed),
        typed(undefined),
        typed(null),
      ],
      reasons: [...CLAIMS, ...MALFORMED],
    },
    {
      title: 'J-33 a member twice',
      tokens: [
        rawHeader((text) => text.replace('{', '{"alg":"none",')),
        rawHeader((text) => text.replace('}', ',"kid":"other"}')),
        raw((text) => text.replace('{', '{"sub":"somebody",')),
        raw((text) => text.replace('}', ',"role":"admin"}')),
      ],
      reasons: MALFORMED,
    },
    {
      title: 'J-34 texts in another encoding',
      tokens: [
        rawHeader((text) => `\ufeff${text}`),
        raw((text) => `\ufeff${text}`),
        raw((text) => text.replace('"sub"', '"s\\u0075b"')),
        raw((text) => text.replace('"role":"user"', '"role":"\\ud800"')),
        raw((text) => Buffer.from(text, 'utf16le').toString('latin1')),
      ],
      reasons: [...MALFORMED, ...CLAIMS],
    },
  ]
}

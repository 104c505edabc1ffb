import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { CompactSign } from 'jose'
import t from 'tap'
import { splitCompactToken } from '../../src/auth/compact-token.js'
import {
  generateKeys,
  keyProblem,
  RSA_BITS_MIN,
  verifyBytes,
} from '../../src/auth/key-algorithm.js'
import { KEY_ALGORITHMS } from '../../src/domain/token.js'
import { readSharedVectors } from '../helpers/shared-vectors.js'

interface SignatureVectors {
  readonly testGroups: readonly {
    readonly public?: JsonWebKey & { alg?: string; use?: string; key_ops?: string[] }
    readonly private?: JsonWebKey & { alg?: string }
    readonly tests: readonly { tcId: number; comment: string; jws: unknown; result: string }[]
  }[]
}

await t.test('verifyBytes accepts what a generated key of each algorithm signs', async (t) => {
  for (const algorithm of KEY_ALGORITHMS) {
    const pair = await generateKeys(algorithm)
    t.equal(keyProblem(algorithm, pair.privateKey), null)
    t.equal(keyProblem(algorithm, pair.publicKey), null)
    const token = await new CompactSign(Buffer.from('data'))
      .setProtectedHeader({ alg: algorithm })
      .sign(pair.privateKey)
    const [header, payload, encoded = ''] = token.split('.')
    const data = Buffer.from(`${header}.${payload}`)
    const signature = Buffer.from(encoded, 'base64url')
    t.equal(await verifyBytes(algorithm, pair.publicKey, data, signature), true)
    t.equal(await verifyBytes(algorithm, pair.publicKey, Buffer.from('Data'), signature), false)
    t.equal(await verifyBytes(algorithm, pair.publicKey, data, signature.subarray(1)), false)
    t.equal(await verifyBytes(algorithm, pair.publicKey, data, Buffer.alloc(0)), false)
  }
})

await t.test('generateKeys makes RSA keys of the least size that is accepted', async (t) => {
  const pair = await generateKeys('RS512')
  t.equal(pair.publicKey.asymmetricKeyDetails?.modulusLength, RSA_BITS_MIN)
})

await t.test('keyProblem says what is wrong with a key', async (t) => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  const ed25519 = generateKeyPairSync('ed25519').publicKey
  const ed448 = generateKeyPairSync('ed448').publicKey
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  t.equal(keyProblem('RS256', short), 'an RSA key has at least 2048 bits, not 1024')
  t.equal(keyProblem('RS512', ed25519), 'RS512 needs an RSA key, not ed25519')
  t.equal(keyProblem('ES256', p384), 'ES256 needs a key on the curve P-256')
  t.equal(keyProblem('ES256', short), 'ES256 needs a key on the curve P-256')
  t.equal(keyProblem('EdDSA', ed448), 'EdDSA needs an Ed25519 key, not ed448')
})

const vectors = readSharedVectors('json_web_signature_test.json') as SignatureVectors | null
const skip =
  vectors === null && 'no shared/vectors/json_web_signature_test.json near the repository'

await t.test('the signature step agrees with the Wycheproof vectors', { skip }, async (t) => {
  let checked = 0
  for (const group of vectors?.testGroups ?? []) {
    const jwk = group.public
    const algorithm = KEY_ALGORITHMS.find((known) => known === jwk?.alg)
    if (!jwk || !algorithm || jwk.use === 'enc' || jwk.key_ops?.includes('encrypt')) continue
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    for (const { tcId, comment, jws, result } of group.tests) {
      const parts = typeof jws === 'string' ? splitCompactToken(jws) : null
      const holds =
        parts !== null &&
        keyProblem(algorithm, key) === null &&
        headerAlgorithm(parts.header) === algorithm &&
        (await verifyBytes(algorithm, key, parts.signedBytes, parts.signature))
      t.equal(holds, result === 'valid', `${tcId} ${comment} (${algorithm})`)
      checked += 1
    }
  }
  t.ok(checked > 200, `${checked} vectors for the algorithms of this house`)
})

await t.test(
  'only two of the vectors are mislabelled, and of no algorithm of ours',
  { skip },
  async (t) => {
    const byText = new Map<string, { valid: number[]; invalid: number[]; algorithm: unknown }>()
    for (const { public: jwk, private: secret, tests } of vectors?.testGroups ?? []) {
      const algorithm = (jwk ?? secret)?.alg
      for (const { tcId, jws, result } of tests) {
        // The same bytes under the same key cannot be right and wrong at once.
        const text = JSON.stringify([jws, jwk ?? secret])
        const entry = byText.get(text) ?? { valid: [], invalid: [], algorithm }
        entry[result === 'valid' ? 'valid' : 'invalid'].push(tcId)
        byText.set(text, entry)
      }
    }
    const both = [...byText.values()].filter(
      ({ valid, invalid }) => valid.length > 0 && invalid.length > 0,
    )
    t.strictSame(both, [{ valid: [357], invalid: [367, 370], algorithm: 'HS256' }])
  },
)

function headerAlgorithm(header: Buffer): unknown {
  try {
    return (JSON.parse(header.toString()) as { alg?: unknown }).alg
  } catch {
    return undefined
  }
}

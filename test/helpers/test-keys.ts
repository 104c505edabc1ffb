import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type { RingKey } from '../../src/auth/key-ring.js'
import type { KeyAlgorithm } from '../../src/domain/token.js'

const DIGESTS: Readonly<Record<KeyAlgorithm, string | null>> = {
  RS512: 'sha512',
  RS256: 'sha256',
  ES256: 'sha256',
  EdDSA: null,
}

/** A key for tests, without a directory. */
export function createTestKey(algorithm: KeyAlgorithm, id = `key-${algorithm}`): RingKey {
  const pair = generatePair(algorithm)
  return { id, algorithm, publicKey: pair.publicKey, privateKey: pair.privateKey }
}

/** A ring that holds whatever the map holds; the first key signs. */
export function createTestRing(...keys: RingKey[]): {
  readonly keys: Map<string, RingKey>
  /** Ids that were asked for and were not there. */
  readonly missed: string[]
  peek(keyId: string): RingKey | null
  find(keyId: string): Promise<RingKey | null>
  signingKey(): RingKey
  signer(): Promise<RingKey>
} {
  const byId = new Map(keys.map((key) => [key.id, key]))
  const missed: string[] = []
  const peek = (keyId: string): RingKey | null => byId.get(keyId) ?? null
  const signingKey = (): RingKey => {
    const [first] = byId.values()
    if (!first) throw new Error('the test ring is empty')
    return first
  }
  return {
    keys: byId,
    missed,
    peek,
    async find(keyId) {
      const key = peek(keyId)
      if (!key) missed.push(keyId)
      return key
    },
    signingKey,
    signer: async () => signingKey(),
  }
}

/** base64url of a text or of bytes as they are. */
export function encode(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url')
}

/** Signs any two parts, however wrong they are. */
export function signParts(
  algorithm: KeyAlgorithm,
  privateKey: KeyObject,
  header: string,
  payload: string,
): string {
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  const signature = sign(DIGESTS[algorithm], Buffer.from(`${header}.${payload}`), key)
  return `${header}.${payload}.${signature.toString('base64url')}`
}

function generatePair(algorithm: KeyAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

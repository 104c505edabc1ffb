import { generateKeyPair, verify, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { KeyAlgorithm } from '../domain/token.js'

export const RSA_BITS_MIN = 2048

const generatePair = promisify(generateKeyPair)

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** The digest that goes with each algorithm; Ed25519 brings its own (RFC 8032). */
const DIGESTS: Readonly<Record<KeyAlgorithm, string | null>> = {
  RS512: 'sha512',
  RS256: 'sha256',
  ES256: 'sha256',
  EdDSA: null,
}

/** A fresh pair: RSA of 2048 bits, P-256 or Ed25519. */
export async function generateKeys(algorithm: KeyAlgorithm): Promise<KeyPair> {
  switch (algorithm) {
    case 'RS512':
    case 'RS256':
      return generatePair('rsa', { modulusLength: RSA_BITS_MIN })
    case 'ES256':
      return generatePair('ec', { namedCurve: 'P-256' })
    case 'EdDSA':
      return generatePair('ed25519')
  }
}

/** Why this key cannot serve the algorithm, in words for an operator; null when it can. */
export function keyProblem(algorithm: KeyAlgorithm, key: KeyObject): string | null {
  const type = key.asymmetricKeyType
  const details = key.asymmetricKeyDetails
  switch (algorithm) {
    case 'RS512':
    case 'RS256': {
      if (type !== 'rsa') return `${algorithm} needs an RSA key, not ${type}`
      const bits = details?.modulusLength ?? 0
      return bits < RSA_BITS_MIN
        ? `an RSA key has at least ${RSA_BITS_MIN} bits, not ${bits}`
        : null
    }
    case 'ES256':
      return details?.namedCurve === 'prime256v1' ? null : 'ES256 needs a key on the curve P-256'
    case 'EdDSA':
      return type === 'ed25519' ? null : `EdDSA needs an Ed25519 key, not ${type}`
  }
}

/** Whether the JWS signature holds; checked off the event loop. A signature of an impossible shape does not. */
export function verifyBytes(
  algorithm: KeyAlgorithm,
  publicKey: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    verify(DIGESTS[algorithm], data, key, signature, (error, holds) => {
      resolve(error === null && holds)
    })
  })
}

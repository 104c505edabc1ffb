import { webcrypto } from 'node:crypto'
import {
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  cryptoProvider,
  PemConverter,
} from '@peculiar/x509'

const DAY_MS = 86_400_000

/** A certificate that signs itself, for one host name, and its key; PEM texts. */
export async function createSelfSigned(host: string): Promise<{ cert: string; key: string }> {
  cryptoProvider.set(webcrypto)
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${host}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { cert: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') }
}

import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const DAY_MS = 86_400_000
/** Certificates begin a little in the past: the clocks of the machines differ. */
const BACKDATE_MS = 300_000
/** RFC 5280 §4.1.2.2 allows 20; the first bit stays free so that the number is positive. */
const SERIAL_BYTES = 16
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNATURE_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' }

/** A certificate and its private key (PKCS #8), both PEM. */
export interface CertificatePair {
  readonly certificate: string
  readonly key: string
}

/** What a certificate that is not an authority is for. */
export interface LeafOptions {
  readonly kind: 'server' | 'client'
  /** Host names and IP addresses of a server, the name of a client; the first is also the common name. */
  readonly names: readonly string[]
  readonly days: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A self-signed authority that may sign servers and clients, and no further authority. */
export async function createAuthority(options: {
  readonly name: string
  readonly days: number
  readonly now: number
}): Promise<CertificatePair> {
  const keys = await generateKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      ...lifeOf(options),
      name: [{ CN: [options.name] }],
      keys,
      signingAlgorithm: SIGNATURE_ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return { certificate: pemOf(certificate), key: await exportKey(keys.privateKey) }
}

/** A certificate of the authority for a server or a client; never valid longer than the authority's own. */
export async function issueLeaf(
  authority: CertificatePair,
  options: LeafOptions,
): Promise<CertificatePair> {
  const issuer = new X509Certificate(authority.certificate)
  const signingKey = await importKey(authority.key)
  const keys = await generateKeys()
  const life = lifeOf(options)
  const certificate = await X509CertificateGenerator.create(
    {
      ...life,
      notAfter: new Date(Math.min(life.notAfter.getTime(), issuer.notAfter.getTime())),
      subject: [{ CN: [options.names[0] ?? ''] }],
      issuer: issuer.subject,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: SIGNATURE_ALGORITHM,
      extensions: await leafExtensions(issuer, keys.publicKey, options),
    },
    webcrypto,
  )
  return { certificate: pemOf(certificate), key: await exportKey(keys.privateKey) }
}

async function leafExtensions(
  issuer: X509Certificate,
  publicKey: webcrypto.CryptoKey,
  { kind, names }: LeafOptions,
): Promise<Extension[]> {
  const use = kind === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([use], true),
    new SubjectAlternativeNameExtension(
      names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
    ),
    await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
    await AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto),
  ]
}

function lifeOf({ days, now }: { readonly days: number; readonly now: number }): {
  serialNumber: string
  notBefore: Date
  notAfter: Date
} {
  const serial = randomBytes(SERIAL_BYTES)
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0)
  return {
    serialNumber: serial.toString('hex'),
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + days * DAY_MS),
  }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', key)
  return `${PemConverter.encode(bytes, PemConverter.PrivateKeyTag)}\n`
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [bytes] = PemConverter.decode(pem)
  return webcrypto.subtle.importKey('pkcs8', bytes ?? new ArrayBuffer(0), KEY_ALGORITHM, false, [
    'sign',
  ])
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`
}

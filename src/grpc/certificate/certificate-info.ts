import { X509Certificate } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../errors/app-error.js'

const SERVER_USE = '1.3.6.1.5.5.7.3.1'
const CLIENT_USE = '1.3.6.1.5.5.7.3.2'

/** What a certificate says of itself. Instants in milliseconds since the epoch. */
export interface CertificateInfo {
  readonly file: string
  readonly kind: 'ca' | 'server' | 'client' | 'other'
  readonly subject: string
  readonly issuer: string
  readonly names: readonly string[]
  readonly validFrom: number
  readonly validTo: number
  readonly serialNumber: string
  /** SHA-256 of the whole, in hex with colons. */
  readonly fingerprint: string
}

/**
 * The first certificate of each `.pem` file of a folder, in the order of names, or of one file. Raises NOT_FOUND
 * (`certificate_not_found`) when there is none, FAILED_PRECONDITION (`certificate_unusable`) naming a file that
 * holds none.
 */
export async function describeCertificates(path: string): Promise<readonly CertificateInfo[]> {
  const files = await filesAt(path)
  return Promise.all(files.map(describe))
}

async function filesAt(path: string): Promise<readonly string[]> {
  const info = await stat(path).catch(() => null)
  if (info?.isFile()) return [path]
  const names = info?.isDirectory() ? await readdir(path) : []
  const files = names.filter((name) => name.endsWith('.pem')).sort()
  if (files.length > 0) return files.map((name) => join(path, name))
  const message = `There is no certificate at ${path}.`
  throw new AppError('NOT_FOUND', 'certificate_not_found', message)
}

async function describe(file: string): Promise<CertificateInfo> {
  try {
    const certificate = new X509Certificate(await readFile(file))
    return {
      file,
      kind: kindOf(certificate),
      subject: oneLine(certificate.subject),
      issuer: oneLine(certificate.issuer),
      names: (certificate.subjectAltName ?? '').split(', ').filter(Boolean),
      validFrom: Date.parse(certificate.validFrom),
      validTo: Date.parse(certificate.validTo),
      serialNumber: certificate.serialNumber,
      fingerprint: certificate.fingerprint256,
    }
  } catch (cause) {
    const message = `${file} holds no certificate in PEM.`
    throw new AppError('FAILED_PRECONDITION', 'certificate_unusable', message, { cause })
  }
}

function kindOf(certificate: X509Certificate): CertificateInfo['kind'] {
  if (certificate.ca) return 'ca'
  // The types say so, but a certificate without the extension gives undefined.
  const uses = (certificate.keyUsage as string[] | undefined) ?? []
  if (uses.includes(SERVER_USE)) return 'server'
  return uses.includes(CLIENT_USE) ? 'client' : 'other'
}

function oneLine(name: string): string {
  return name.split('\n').join(', ')
}

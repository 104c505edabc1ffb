import { X509Certificate } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { AppError, invalidArgument } from '../../errors/app-error.js'
import type { CertificatePair } from './certificate-authority.js'

export const AUTHORITY_NAME = 'Gatehouse CA'
const DAYS_MAX = 36_500
const NAMES_MAX = 100
const CLIENT_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/
const HOST_NAME =
  /^(?=.{1,253}$)(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i
/** Names of files that a client must not take. */
const RESERVED = ['ca', 'server']
const KEY_MODE = 0o600
const FOLDER_MODE = 0o700

export interface CreateCertificatesOptions {
  readonly folder: string
  /** Host names and IP addresses of the server; empty: no server certificate. */
  readonly hosts: readonly string[]
  /** One certificate each; the name is also that of its files. */
  readonly clients: readonly string[]
  readonly authorityDays: number
  readonly days: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A file that was written. */
export interface WrittenCertificate {
  readonly kind: 'ca' | 'server' | 'client'
  readonly name: string
  readonly certFile: string
  readonly keyFile: string
}

/**
 * Makes certificates in a folder: `ca.pem` and `ca.key` unless they are there, `server.pem` and `server.key`,
 * and a pair for each client; private keys and certificates are readable by their owner only.
 * Raises INVALID_ARGUMENT (`invalid_argument`) for a name or a life that makes no sense, ALREADY_EXISTS
 * (`file_exists`) naming a file that would be overwritten, before anything is written, and FAILED_PRECONDITION
 * (`certificate_unusable`) for an authority that cannot be read or has expired.
 */
export async function createCertificates(
  options: CreateCertificatesOptions,
): Promise<readonly WrittenCertificate[]> {
  assertNames(options)
  const { folder, hosts, clients, now, days } = options
  const ca = pairAt(folder, 'ca')
  const hasAuthority = (await exists(ca.certFile)) || (await exists(ca.keyFile))
  const leaves: WrittenCertificate[] = [
    ...(hosts.length > 0
      ? [{ kind: 'server' as const, name: hosts[0] ?? '', ...pairAt(folder, 'server') }]
      : []),
    ...clients.map((name) => ({ kind: 'client' as const, name, ...pairAt(folder, name) })),
  ]
  await assertAbsent(leaves.flatMap(({ certFile, keyFile }) => [certFile, keyFile]))
  // Loaded here, because only these two lines of a whole house need it.
  const { createAuthority, issueLeaf } = await import('./certificate-authority.js')
  const authority = hasAuthority
    ? await readAuthority(ca, now)
    : await createAuthority({ name: AUTHORITY_NAME, days: options.authorityDays, now })
  const written: WrittenCertificate[] = []
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
  if (!hasAuthority) {
    await writePair(ca, authority)
    written.push({ kind: 'ca', name: AUTHORITY_NAME, ...ca })
  }
  for (const leaf of leaves) {
    const { kind, name } = leaf
    if (kind === 'ca') continue
    const names = kind === 'server' ? hosts : [name]
    await writePair(leaf, await issueLeaf(authority, { kind, names, days, now }))
    written.push(leaf)
  }
  return written
}

interface PairFiles {
  readonly certFile: string
  readonly keyFile: string
}

function pairAt(folder: string, name: string): PairFiles {
  return { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) }
}

function assertNames(options: CreateCertificatesOptions): void {
  const { hosts, clients, days, authorityDays } = options
  if (hosts.length > NAMES_MAX || clients.length > NAMES_MAX) {
    throw wrong('names', `At most ${NAMES_MAX} names.`)
  }
  const badHost = hosts.find((host) => isIP(host) === 0 && !HOST_NAME.test(host))
  if (badHost !== undefined) throw wrong('hosts', `"${badHost}" is no host name or IP address.`)
  const badClient = clients.find(
    (name, index) =>
      !CLIENT_NAME.test(name) ||
      RESERVED.includes(name.toLowerCase()) ||
      clients.indexOf(name) < index,
  )
  if (badClient !== undefined) {
    const form = 'letters, digits, "." and "-", at most 64, each name once, not "ca" or "server"'
    throw wrong('clients', `"${badClient}" is no name of a client: ${form}.`)
  }
  for (const [path, value] of Object.entries({ days, authorityDays })) {
    if (!Number.isInteger(value) || value < 1 || value > DAYS_MAX) {
      throw wrong(path, `A life is 1 to ${DAYS_MAX} days.`)
    }
  }
}

function wrong(path: string, message: string): AppError {
  return invalidArgument(message, [{ path, message }])
}

async function assertAbsent(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (!(await exists(path))) continue
    const message = `${path} is there already; remove it first, or choose another folder.`
    throw new AppError('ALREADY_EXISTS', 'file_exists', message)
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK)
    return true
  } catch {
    return false
  }
}

async function readAuthority(files: PairFiles, now: number): Promise<CertificatePair> {
  try {
    const [certificate, key] = await Promise.all([
      readFile(files.certFile, 'utf8'),
      readFile(files.keyFile, 'utf8'),
    ])
    const { ca, validTo } = new X509Certificate(certificate)
    if (!ca) throw new Error('it is not an authority')
    if (Date.parse(validTo) < now) throw new Error(`it expired on ${validTo}`)
    return { certificate, key }
  } catch (cause) {
    throw unusable(files.certFile, cause)
  }
}

/** Key first: a certificate whose key is missing would look finished. */
async function writePair(files: PairFiles, pair: CertificatePair): Promise<void> {
  const options = { flag: 'wx', mode: KEY_MODE } as const
  await writeFile(files.keyFile, pair.key, options)
  try {
    await writeFile(files.certFile, pair.certificate, options)
  } catch (cause) {
    await rm(files.keyFile, { force: true })
    throw unusable(files.certFile, cause)
  }
}

function unusable(path: string, cause: unknown): AppError {
  const problem = cause instanceof Error ? cause.message : 'unknown failure'
  const message = `Cannot use ${path}: ${problem}.`
  return new AppError('FAILED_PRECONDITION', 'certificate_unusable', message, { cause })
}

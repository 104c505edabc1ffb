import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../errors/app-error.js'
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../domain/token.js'
import { randomId } from '../util/random-id.js'
import { generateKeys, keyProblem } from './key-algorithm.js'
import { isMissing } from './file-error.js'

/** What may be a `kid`: safe in a path, in JSON and in a log line. */
export const KEY_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/

const PRIVATE_FILE = 'private.pem'
const PUBLIC_FILE = 'public.pem'
/** The file whose replacement tells a running process that something changed. */
export const META_FILE = 'key.json'

/** What `key.json` holds. Instants in milliseconds since the epoch. */
export interface KeyMeta {
  readonly algorithm: KeyAlgorithm
  readonly createdAt: number
  readonly signsFrom: number | null
}

/** One key pair, imported and checked. */
export interface StoredKey extends KeyMeta {
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** SHA-256 of the public key; two imports of one key have the same. */
  readonly fingerprint: string
}

/** Makes a complete key folder at `folder`, which must not exist. The private key is readable by its owner only. */
export async function writeKeyFolder(folder: string, meta: KeyMeta): Promise<void> {
  const pair = await generateKeys(meta.algorithm)
  await mkdir(folder, { mode: 0o700 })
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' })
  await writeFile(join(folder, PRIVATE_FILE), pem, { mode: 0o600, flag: 'wx', flush: true })
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' })
  await writeFile(join(folder, PUBLIC_FILE), publicPem, { flag: 'wx', flush: true })
  await writeMeta(folder, meta)
}

/** Replaces `key.json` in one step: a reader sees the old one or the new one. */
export async function writeMeta(folder: string, meta: KeyMeta): Promise<void> {
  const { algorithm, createdAt, signsFrom } = meta
  const temporary = join(folder, `.${META_FILE}.${randomId()}`)
  const text = JSON.stringify({ algorithm, createdAt, signsFrom }, null, 2)
  await writeFile(temporary, `${text}\n`, { flag: 'wx', flush: true })
  await rename(temporary, join(folder, META_FILE))
}

/**
 * Reads one key folder. Null when it has just been taken away. Raises FAILED_PRECONDITION with reason
 * `key_malformed`, naming the file and what is wrong with it.
 */
export async function readKeyFolder(keyDir: string, id: string): Promise<StoredKey | null> {
  const folder = join(keyDir, id)
  try {
    const meta = parseMeta(join(folder, META_FILE), await readFile(join(folder, META_FILE), 'utf8'))
    const privateKey = await readKey(join(folder, PRIVATE_FILE), createPrivateKey)
    const publicKey = await readKey(join(folder, PUBLIC_FILE), createPublicKey)
    const problem = keyProblem(meta.algorithm, privateKey)
    if (problem !== null) throw malformed(join(folder, PRIVATE_FILE), problem)
    if (!createPublicKey(privateKey).equals(publicKey)) {
      throw malformed(join(folder, PUBLIC_FILE), 'it does not belong to the private key')
    }
    return { id, ...meta, privateKey, publicKey, fingerprint: fingerprintOf(publicKey) }
  } catch (error) {
    if (error instanceof AppError) throw error
    if (isMissing(error) && !(await exists(folder))) return null
    throw malformed(folder, error instanceof Error ? error.message : 'it cannot be read')
  }
}

/** The error of a key that cannot be used. `problem` never quotes the content of a file. */
export function malformed(file: string, problem: string): AppError {
  const message = `The key at ${file} cannot be used: ${problem}.`
  return new AppError('FAILED_PRECONDITION', 'key_malformed', message)
}

async function readKey(file: string, parse: (pem: string) => KeyObject): Promise<KeyObject> {
  const pem = await readFile(file, 'utf8')
  // createPublicKey takes a private key as well; a private key in the public file is a mistake to report.
  if (parse === createPublicKey && !pem.includes('-----BEGIN PUBLIC KEY-----')) {
    throw malformed(file, 'it is not a public key in PEM form')
  }
  try {
    return parse(pem)
  } catch {
    throw malformed(file, 'it is not a key in PEM form')
  }
}

function parseMeta(file: string, text: string): KeyMeta {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed(file, 'it is not JSON')
  }
  if (typeof value !== 'object' || value === null) throw malformed(file, 'it is not a JSON object')
  const { algorithm, createdAt, signsFrom } = value as Partial<Record<keyof KeyMeta, unknown>>
  const known = KEY_ALGORITHMS.find((candidate) => candidate === algorithm)
  if (!known) throw malformed(file, `"algorithm" is one of ${KEY_ALGORITHMS.join(', ')}`)
  if (!isInstant(createdAt)) throw malformed(file, '"createdAt" is a number of milliseconds')
  if (signsFrom !== null && !isInstant(signsFrom)) {
    throw malformed(file, '"signsFrom" is a number of milliseconds or null')
  }
  return { algorithm: known, createdAt, signsFrom }
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function fingerprintOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('base64url')
}

async function exists(folder: string): Promise<boolean> {
  return access(folder).then(
    () => true,
    () => false,
  )
}

import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../errors/app-error.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { KeyAdmin, KeyAlgorithm, KeyInfo } from '../domain/token.js'
import { naming } from './file-error.js'
import { putFirstKey } from './first-key.js'
import { listFolders, loadKeys, makeTemporaryKey, removeKey, revisionOf } from './key-directory.js'
import { type StoredKey, writeMeta } from './key-folder.js'
import { signingKeyOf, statusOf } from './key-status.js'

export interface KeyStoreDeps {
  /** Holds one folder per key, named by its `kid`. Made when it is missing. */
  readonly keyDir: string
  readonly clock: Clock
  readonly logger: Logger
}

/** The key pairs in the key directory, shared by all processes of one house. */
export interface KeyStore extends KeyAdmin {
  /**
   * Makes a signing key when there is none yet. Safe when several processes start at once: all of them find
   * the same single key. Raises FAILED_PRECONDITION with reason `key_malformed`.
   */
  ensureSigningKey(algorithm: KeyAlgorithm): Promise<KeyInfo>
  /** Every key, oldest first. Raises FAILED_PRECONDITION with reason `key_malformed`, naming the file. */
  load(): Promise<readonly StoredKey[]>
  /** Names of the key folders that are there now, readable or not. */
  keyIds(): Promise<readonly string[]>
  /** A text that changes whenever a key is added, changed or removed; cheap enough for every second. */
  revision(): Promise<string>
}

export function createKeyStore(deps: KeyStoreDeps): KeyStore {
  const { keyDir } = deps
  return {
    list: () => naming(keyDir, () => listKeys(deps)),
    generate: (algorithm) =>
      naming(keyDir, async () => infoOf(deps, await generateKey(deps, algorithm, null))),
    rotate: (options) => naming(keyDir, () => rotateKey(deps, options)),
    retire: (keyId) => naming(keyDir, () => retireKey(deps, keyId)),
    burn: (keyId, algorithm) => naming(keyDir, () => burnKey(deps, keyId, algorithm)),
    ensureSigningKey: (algorithm) =>
      naming(keyDir, async () => infoOf(deps, await putFirstKey(deps, algorithm))),
    load: () => naming(keyDir, () => loadKeys(keyDir)),
    keyIds: () => naming(keyDir, () => listFolders(keyDir)),
    revision: () =>
      naming(keyDir, async () => {
        const ids = await listFolders(keyDir)
        const parts = await Promise.all(ids.map((id) => revisionOf(keyDir, id)))
        return parts.join('\n')
      }),
  }
}

async function listKeys({ keyDir, clock }: KeyStoreDeps): Promise<readonly KeyInfo[]> {
  const keys = await loadKeys(keyDir)
  return keys.map((key) => toInfo(key, keys, clock.now()))
}

async function infoOf({ keyDir, clock }: KeyStoreDeps, keyId: string): Promise<KeyInfo> {
  const keys = await loadKeys(keyDir)
  return toInfo(mustFind(keys, keyId), keys, clock.now())
}

/** Makes a key and puts it in place whole; its id. */
async function generateKey(
  { keyDir, clock, logger }: KeyStoreDeps,
  algorithm: KeyAlgorithm,
  signsFrom: number | null,
): Promise<string> {
  const temporary = await makeTemporaryKey(keyDir, algorithm, clock.now(), signsFrom)
  await rename(join(temporary.folder, temporary.id), join(keyDir, temporary.id))
  await rm(temporary.folder, { recursive: true, force: true })
  logger.info({ keyId: temporary.id, algorithm, signsFrom }, 'made a key')
  return temporary.id
}

async function rotateKey(
  deps: KeyStoreDeps,
  { keyId, algorithm, signsFrom }: Parameters<KeyAdmin['rotate']>[0],
): Promise<KeyInfo> {
  const { keyDir, clock, logger } = deps
  const now = clock.now()
  const keys = await loadKeys(keyDir)
  // Never in the past: running processes count from this instant until all have seen the change. And after
  // the key that signs now, or that one would stay the latest.
  const latest = signingKeyOf(keys, now)?.signsFrom ?? 0
  const from = Math.max(signsFrom, now, latest + 1)
  const key =
    keyId === undefined
      ? keys.findLast((candidate) => statusOf(candidate, keys, now) === 'next')
      : mustFind(keys, keyId)
  if (!key) return infoOf(deps, await generateKey(deps, algorithm, from))
  await writeMeta(join(keyDir, key.id), { ...key, signsFrom: from })
  logger.info({ keyId: key.id, signsFrom: from }, 'set when a key begins to sign')
  return infoOf(deps, key.id)
}

async function retireKey({ keyDir, clock, logger }: KeyStoreDeps, keyId: string): Promise<KeyInfo> {
  const keys = await loadKeys(keyDir)
  const retired = toInfo(mustFind(keys, keyId), keys, clock.now())
  if (retired.status === 'current') {
    const message = 'This key signs the tokens of now; let another one sign first.'
    throw new AppError('FAILED_PRECONDITION', 'key_in_use', message)
  }
  await removeKey(keyDir, keyId)
  logger.info({ keyId }, 'retired a key')
  return retired
}

/** The replacement comes first, so that there is a key that signs at every moment. */
async function burnKey(
  deps: KeyStoreDeps,
  keyId: string,
  algorithm: KeyAlgorithm,
): Promise<KeyInfo> {
  const { keyDir, clock, logger } = deps
  const keys = await loadKeys(keyDir)
  const now = clock.now()
  const burned = toInfo(mustFind(keys, keyId), keys, now)
  if (burned.status === 'current') await rotateKey(deps, { algorithm, signsFrom: now })
  await removeKey(keyDir, keyId)
  logger.warn({ keyId }, 'burned a key')
  return burned
}

function toInfo(key: StoredKey, keys: readonly StoredKey[], now: number): KeyInfo {
  const { id, algorithm, createdAt, signsFrom } = key
  return { id, algorithm, status: statusOf(key, keys, now), createdAt, signsFrom }
}

function mustFind(keys: readonly StoredKey[], keyId: string): StoredKey {
  const key = keys.find((candidate) => candidate.id === keyId)
  if (!key) throw keyNotFound()
  return key
}

function keyNotFound(): AppError {
  return new AppError('NOT_FOUND', 'key_not_found', 'There is no such key.')
}

import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyAlgorithm } from '../domain/token.js'
import { randomId } from '../util/random-id.js'
import { isMissing } from './file-error.js'
import {
  KEY_ID_PATTERN,
  malformed,
  META_FILE,
  readKeyFolder,
  writeKeyFolder,
  type StoredKey,
} from './key-folder.js'

const KEY_ID_BYTES = 6

export interface TemporaryKey {
  readonly id: string
  /** A hidden folder with the key folder inside. */
  readonly folder: string
}

/** Makes a key where no reader looks, so that it appears whole. */
export async function makeTemporaryKey(
  keyDir: string,
  algorithm: KeyAlgorithm,
  createdAt: number,
  signsFrom: number | null,
): Promise<TemporaryKey> {
  const id = randomBytes(KEY_ID_BYTES).toString('hex')
  const folder = join(keyDir, `.new-${id}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeKeyFolder(join(folder, id), { algorithm, createdAt, signsFrom })
  return { id, folder }
}

/** Takes the key away in one step, then deletes it. */
export async function removeKey(keyDir: string, keyId: string): Promise<void> {
  const trash = join(keyDir, `.retired-${randomId()}`)
  await rename(join(keyDir, keyId), trash)
  await rm(trash, { recursive: true, force: true })
}

export async function loadKeys(keyDir: string): Promise<readonly StoredKey[]> {
  const keys: StoredKey[] = []
  for (const id of await listFolders(keyDir)) {
    if (!KEY_ID_PATTERN.test(id)) {
      throw malformed(join(keyDir, id), 'a name has 1 to 64 letters, digits, "_" or "-"')
    }
    const key = await readKeyFolder(keyDir, id)
    if (key) keys.push(key)
  }
  return keys.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
}

export async function listFolders(keyDir: string): Promise<string[]> {
  try {
    const entries = await readdir(keyDir, { withFileTypes: true })
    // A key folder may be a link to where secrets are mounted; hidden ones are work in progress.
    return entries
      .filter((entry) => !entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

export async function revisionOf(keyDir: string, id: string): Promise<string> {
  try {
    const { mtimeMs, ino } = await stat(join(keyDir, id, META_FILE))
    return `${id} ${mtimeMs} ${ino}`
  } catch (error) {
    if (isMissing(error)) return `${id} -`
    throw error
  }
}

export async function readdirOrEmpty(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { KeyAlgorithm } from '../domain/token.js'
import { isMissing, isTaken } from './file-error.js'
import { loadKeys, makeTemporaryKey, readdirOrEmpty, type TemporaryKey } from './key-directory.js'
import { signingKeyOf } from './key-status.js'

/** Where the very first key waits to be put in place. */
const CLAIM_FOLDER = '.first'

export interface FirstKeyDeps {
  readonly keyDir: string
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Puts one signing key in place, whoever else does the same, and answers with the id of the key that signs.
 * The finished key is moved to one agreed place, which only one process can do while that place is taken;
 * from there anyone may move it to its own name, so a process that is killed half-way leaves nothing for the
 * others to wait for. The keys are read after the agreed place: whoever took it late then sees the key that
 * was put in place before, and gives up its own.
 */
export async function putFirstKey(
  { keyDir, clock, logger }: FirstKeyDeps,
  algorithm: KeyAlgorithm,
): Promise<string> {
  await mkdir(keyDir, { recursive: true, mode: 0o700 })
  const claim = join(keyDir, CLAIM_FOLDER)
  let own: TemporaryKey | null = null
  try {
    for (;;) {
      const claimed = (await readdirOrEmpty(claim)).at(0)
      const current = signingKeyOf(await loadKeys(keyDir), clock.now())
      if (current) {
        // What is left there is a key that came late. Somebody else may be clearing it away as well.
        await rm(claim, { recursive: true, force: true }).catch(() => undefined)
        return current.id
      }
      if (claimed !== undefined) {
        const moved = await renameUnless(join(claim, claimed), join(keyDir, claimed), isMissing)
        if (moved) logger.info({ keyId: claimed, algorithm }, 'made the first signing key')
        continue
      }
      const now = clock.now()
      own ??= await makeTemporaryKey(keyDir, algorithm, now, now)
      await renameUnless(own.folder, claim, isTaken)
    }
  } finally {
    if (own) await rm(own.folder, { recursive: true, force: true })
  }
}

/** Renames; false when it failed in the way that means somebody else was first. */
async function renameUnless(
  from: string,
  to: string,
  isLost: (error: unknown) => boolean,
): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (isLost(error)) return false
    throw error
  }
}

import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '../errors/app-error.js'
import { randomId } from '../util/random-id.js'
import { isMissing, isTaken, naming } from './file-error.js'

const SECRET_BYTES = 32

/**
 * The 32 secret bytes in `file`, made at random when it is not there, readable by its owner only. Several
 * processes that start at once agree: the file appears whole or not at all, and only one of them makes it.
 * Raises FAILED_PRECONDITION with reason `secret_malformed` or `file_unusable`, naming the file.
 */
export function loadOrCreateSecret({ file }: { file: string }): Promise<Uint8Array> {
  return naming(file, () => loadOrCreate(file))
}

async function loadOrCreate(file: string): Promise<Uint8Array> {
  const existing = await read(file)
  if (existing) return existing
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.new-${randomId()}`
  try {
    await writeFile(temporary, randomBytes(SECRET_BYTES), { mode: 0o600, flag: 'wx', flush: true })
    // A rename would replace the secret of a faster process; a link refuses to.
    await link(temporary, file)
  } catch (error) {
    if (!isTaken(error)) throw error
  } finally {
    await rm(temporary, { force: true })
  }
  const secret = await read(file)
  if (!secret) throw malformed(file)
  return secret
}

async function read(file: string): Promise<Uint8Array | null> {
  try {
    const secret = await readFile(file)
    if (secret.length !== SECRET_BYTES) throw malformed(file)
    return secret
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function malformed(file: string): AppError {
  const message = `The secret at ${file} must be exactly ${SECRET_BYTES} bytes.`
  return new AppError('FAILED_PRECONDITION', 'secret_malformed', message)
}

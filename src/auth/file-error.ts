import { AppError } from '../errors/app-error.js'

/** Whether a file operation failed because the file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

/** Whether an exclusive creation failed because somebody else was first. Windows says EPERM for a folder. */
export function isTaken(error: unknown): boolean {
  const code = codeOf(error)
  if (code === 'EPERM') return process.platform === 'win32'
  return code === 'EEXIST' || code === 'ENOTEMPTY'
}

/**
 * Does file work; whatever goes wrong becomes FAILED_PRECONDITION with reason `file_unusable`, naming `path`.
 * An AppError stays as it is.
 */
export async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError) throw error
    const problem = error instanceof Error ? error.message : 'unknown failure'
    const message = `Cannot use ${path}: ${problem}.`
    throw new AppError('FAILED_PRECONDITION', 'file_unusable', message, { cause: error })
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isMissing, isTaken, naming } from '../../src/auth/file-error.js'
import { unauthenticated } from '../../src/errors/app-error.js'

await t.test('isMissing and isTaken tell failures of the file system apart', async (t) => {
  const folder = t.testdir({ file: 'x' })
  const missing: unknown = await readFile(join(folder, 'none')).catch((error: unknown) => error)
  const taken: unknown = await mkdir(folder).catch((error: unknown) => error)
  t.equal(isMissing(missing), true)
  t.equal(isTaken(missing), false)
  t.equal(isMissing(taken), false)
  t.equal(isTaken(taken), true)
  t.equal(isMissing(new Error('ENOENT')), false)
  t.equal(isTaken('EEXIST'), false)
  const refused = Object.assign(new Error('refused'), { code: 'EPERM' })
  t.equal(isTaken(refused), process.platform === 'win32')
})

await t.test('naming passes results on and names the path of a failure', async (t) => {
  t.equal(await naming('/some/file', async () => 1), 1)
  await t.rejects(
    naming('/some/file', () => Promise.reject(new Error('EACCES: permission denied'))),
    {
      code: 'FAILED_PRECONDITION',
      reason: 'file_unusable',
      message: 'Cannot use /some/file: EACCES: permission denied.',
    },
  )
  // eslint and people agree that only errors are thrown; a library may not.
  const thrown = { toString: () => 'odd' } as unknown as Error
  await t.rejects(
    naming('/some/file', () => Promise.reject(thrown)),
    { message: 'Cannot use /some/file: unknown failure.' },
  )
})

await t.test('naming leaves an AppError as it is', async (t) => {
  const error = unauthenticated('reason', 'Message.')
  await t.rejects(
    naming('/some/file', () => Promise.reject(error)),
    error,
  )
})

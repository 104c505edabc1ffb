import { execFile } from 'node:child_process'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { promisify } from 'node:util'
import { putFirstKey } from '../../src/auth/first-key.js'
import { loadKeys, makeTemporaryKey } from '../../src/auth/key-directory.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

const run = promisify(execFile)

function depsFor(keyDir: string) {
  return { keyDir, clock: createFakeClock(), logger: createMemoryLogger() }
}

await t.test('putFirstKey makes one key, once', async (t) => {
  const deps = depsFor(t.testdir())
  const id = await putFirstKey(deps, 'ES256')
  t.equal(await putFirstKey(deps, 'ES256'), id)
  t.strictSame(await readdir(deps.keyDir), [id])
  t.equal(deps.logger.lines.length, 1)
})

await t.test('putFirstKey agrees with itself under any interleaving', async (t) => {
  for (let round = 0; round < 25; round += 1) {
    const keyDir = join(t.testdir(), `round-${round}`)
    const ids = await Promise.all(
      Array.from({ length: 8 }, () => putFirstKey(depsFor(keyDir), 'ES256')),
    )
    t.equal(new Set(ids).size, 1, `round ${round}`)
    t.strictSame(await readdir(keyDir), [...new Set(ids)])
  }
})

await t.test('putFirstKey agrees among processes that start at once', async (t) => {
  const keyDir = join(t.testdir(), 'keys')
  const module = new URL('../../src/auth/first-key.js', import.meta.url).href
  const script = `
    import { putFirstKey } from ${JSON.stringify(module)}
    const logger = { info() {} }
    const deps = { keyDir: ${JSON.stringify(keyDir)}, clock: Date, logger }
    process.stdout.write(await putFirstKey(deps, 'RS256'))
  `
  const args = ['--input-type=module', '--eval', script]
  const outputs = await Promise.all(
    Array.from({ length: 3 }, async () => (await run(process.execPath, args)).stdout),
  )
  const keys = await loadKeys(keyDir)
  t.equal(keys.length, 1)
  for (const output of outputs) t.equal(output, keys[0]?.id)
  t.strictSame(await readdir(keyDir), [keys[0]?.id])
})

await t.test('putFirstKey finishes what a killed process began', async (t) => {
  const keyDir = t.testdir()
  const left = await makeTemporaryKey(keyDir, 'ES256', 1000, 1000)
  await rename(left.folder, join(keyDir, '.first'))
  const deps = depsFor(keyDir)
  t.equal(await putFirstKey(deps, 'ES256'), left.id)
  t.strictSame(await readdir(keyDir), [left.id])
})

await t.test(
  'putFirstKey takes an empty agreed place, as a killed process may leave it',
  async (t) => {
    const keyDir = t.testdir()
    await mkdir(join(keyDir, '.first'))
    const id = await putFirstKey(depsFor(keyDir), 'ES256')
    t.strictSame(await readdir(keyDir), [id])
  },
)

await t.test('putFirstKey drops a key that came late', async (t) => {
  const deps = depsFor(t.testdir())
  const id = await putFirstKey(deps, 'ES256')
  const late = await makeTemporaryKey(deps.keyDir, 'ES256', 1000, 1000)
  await rename(late.folder, join(deps.keyDir, '.first'))
  t.equal(await putFirstKey(deps, 'ES256'), id)
  t.strictSame(await readdir(deps.keyDir), [id])
})

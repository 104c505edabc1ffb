import { execFile } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { loadOrCreateSecret } from '../../src/auth/secret-file.js'

const run = promisify(execFile)

await t.test('loadOrCreateSecret makes a secret once, for its owner only', async (t) => {
  const file = join(t.testdir(), 'deep', 'client.secret')
  const secret = await loadOrCreateSecret({ file })
  t.equal(secret.length, 32)
  t.strictSame(await readFile(file), secret)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.strictSame(await loadOrCreateSecret({ file }), secret)
  t.strictSame(await readdir(join(t.testdirName, 'deep')), ['client.secret'])
})

await t.test('loadOrCreateSecret agrees with itself when called at once', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'client.secret')
  const secrets = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateSecret({ file })))
  const texts = new Set(secrets.map((secret) => Buffer.from(secret).toString('hex')))
  t.equal(texts.size, 1)
  t.strictSame(await readdir(folder), ['client.secret'])
})

await t.test('loadOrCreateSecret agrees among processes that start at once', async (t) => {
  const file = join(t.testdir(), 'client.secret')
  const module = new URL('../../src/auth/secret-file.js', import.meta.url).href
  const script = `
    import { loadOrCreateSecret } from ${JSON.stringify(module)}
    const secret = await loadOrCreateSecret({ file: ${JSON.stringify(file)} })
    process.stdout.write(Buffer.from(secret).toString('hex'))
  `
  const args = ['--input-type=module', '--eval', script]
  const outputs = await Promise.all(
    Array.from({ length: 3 }, async () => (await run(process.execPath, args)).stdout),
  )
  const expected = (await readFile(file)).toString('hex')
  t.strictSame(outputs, [expected, expected, expected])
})

await t.test('loadOrCreateSecret names a file that is no secret', async (t) => {
  const folder = t.testdir({ short: 'x', empty: '', folder: {} })
  for (const name of ['short', 'empty']) {
    const file = join(folder, name)
    await t.rejects(loadOrCreateSecret({ file }), {
      code: 'FAILED_PRECONDITION',
      reason: 'secret_malformed',
      message: `The secret at ${file} must be exactly 32 bytes.`,
    })
  }
  const unusable = { code: 'FAILED_PRECONDITION', reason: 'file_unusable' }
  await t.rejects(loadOrCreateSecret({ file: join(folder, 'folder') }), unusable)
  await t.rejects(loadOrCreateSecret({ file: join(folder, 'short', 'below') }), unusable)
})

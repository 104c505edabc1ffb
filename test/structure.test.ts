/** The house rules that no other tool checks: a test for every source file, no secret in the repository. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PACKAGE_ROOT } from '../src/util/package-root.js'

function sourceFiles(): string[] {
  return readdirSync(join(PACKAGE_ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.includes('/generated/'))
}

/** Files that compile to nothing: types and ports. */
function isTypeOnly(file: string): boolean {
  const compiled = join(PACKAGE_ROOT, 'dist/src', file.replace(/\.ts$/, '.js'))
  const code = readFileSync(compiled, 'utf8')
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .trim()
  return code === 'export {};'
}

await t.test('every source file has a test of its name', async (t) => {
  const missing = sourceFiles().filter(
    (file) =>
      !isTypeOnly(file) &&
      !existsSync(join(PACKAGE_ROOT, 'test', file.replace(/\.ts$/, '.test.ts'))),
  )
  t.same(missing, [])
})

const isCheckout = existsSync(join(PACKAGE_ROOT, '.git'))
const skip = isCheckout ? false : 'not a git checkout'

await t.test('no private key or token is in the repository', { skip }, async (t) => {
  const pattern = '-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^-]{40}|eyJhbGciOi[A-Za-z0-9_-]{20}'
  let found = ''
  try {
    found = execFileSync('git', ['grep', '-lIE', '-e', pattern], {
      cwd: PACKAGE_ROOT,
      encoding: 'utf8',
    })
  } catch (error) {
    t.equal((error as { status: number }).status, 1, 'git grep finds nothing')
  }
  t.equal(found, '')
})

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

const BINARY = join(PACKAGE_ROOT, 'dist', 'bundle', 'bin', 'app.js')

/** Runs the built program in an empty folder without any APP_ variable. */
async function runBinary(t: Test, args: readonly string[]) {
  return new Promise<{ code: number | string; stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: t.testdir({}), env: { PATH: process.env['PATH'] } }
    execFile(process.execPath, [BINARY, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr })
    })
  })
}

await t.test('the binary hands on output and exit code', async (t) => {
  const check = await runBinary(t, ['config', 'check'])
  t.equal(check.code, 0)
  t.match(check.stdout, /^configuration is valid \(environment debug; read .*common\.yaml\)\n$/)
  t.equal(check.stderr, '')
  const broken = await runBinary(t, ['config', 'check', '--env', 'nope'])
  t.equal(broken.code, 1)
  t.match(broken.stderr, /^error: .*unknown environment "nope"/)
  const wrong = await runBinary(t, ['nope'])
  t.same(wrong, { code: 2, stdout: '', stderr: "error: unknown command 'nope'\n" })
})

await t.test(
  'the source of the binary is a few lines, and what is built has its shebang',
  async (t) => {
    const source = await readFile(join(PACKAGE_ROOT, 'bin', 'app.ts'), 'utf8')
    t.ok(source.split('\n').length < 12)
    t.ok((await readFile(BINARY, 'utf8')).startsWith('#!/usr/bin/env node\n'))
  },
)

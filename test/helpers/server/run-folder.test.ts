import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { waitFor } from '../wait-for.js'
import { processState } from './process-folder.js'
import { baseFolder, createRunFolder, ownIdentity, sweepStale } from './run-folder.js'

const options = { skip: process.platform === 'linux' ? false : 'needs /proc' }
const baseName = `gatehouse-test-${process.getuid?.() ?? 0}`
const DEAD_OWNER = '1-1'

/** A temporary folder of the system's that only this test uses. */
function useOwnTmp(t: Test): string {
  const folder = realpathSync(t.testdir({}))
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  return folder
}

await t.test('baseFolder is made once and only for this user', options, async (t) => {
  const tmp = useOwnTmp(t)
  t.equal(await baseFolder(), `${tmp}/${baseName}`)
  t.equal(await baseFolder(), `${tmp}/${baseName}`)
  chmodSync(`${tmp}/${baseName}`, 0o755)
  await t.rejects(baseFolder(), { message: /is not a private folder of this user/ })
})

await t.test('baseFolder refuses a link that somebody laid', options, async (t) => {
  const tmp = useOwnTmp(t)
  mkdirSync(`${tmp}/elsewhere`, { mode: 0o700 })
  symlinkSync(`${tmp}/elsewhere`, `${tmp}/${baseName}`)
  await t.rejects(baseFolder(), { message: /is not a private folder of this user/ })
})

await t.test('sweepStale ends what the dead left and spares the living', options, async (t) => {
  useOwnTmp(t)
  const base = await baseFolder()
  const own = await createRunFolder(base)
  const stale = `${base}/run-${DEAD_OWNER}-abcdef`
  mkdirSync(stale)
  const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    cwd: stale,
    stdio: 'ignore',
  })
  t.teardown(() => left.kill('SIGKILL'))
  await once(left, 'spawn')
  const end = once(left, 'exit')
  writeFileSync(`${base}/port-20001`, DEAD_OWNER)
  writeFileSync(`${base}/port-20002`, await ownIdentity())
  writeFileSync(`${base}/port-20003`, '')
  writeFileSync(`${base}/notes`, DEAD_OWNER)

  await sweepStale(base)
  await end
  await waitFor('it is gone', async () => (await processState(left.pid ?? 0)) === null)
  t.equal(existsSync(stale), false)
  t.equal(existsSync(`${base}/port-20001`), false)
  t.equal(existsSync(own), true)
  t.equal(existsSync(`${base}/port-20002`), true)
  t.equal(existsSync(`${base}/port-20003`), true, 'is being claimed at this moment')
  t.equal(existsSync(`${base}/notes`), true)

  await sweepStale(base, await ownIdentity())
  t.equal(existsSync(own), false)
  t.equal(existsSync(`${base}/port-20002`), false)
})

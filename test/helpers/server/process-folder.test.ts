import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs'
import t, { type Test } from 'tap'
import { waitFor } from '../wait-for.js'
import {
  endFolder,
  isIdentityAlive,
  processesInside,
  processIdentity,
  processState,
} from './process-folder.js'

const isLinux = process.platform === 'linux'
const options = { skip: isLinux ? false : 'needs /proc' }

async function startIn(t: Test, cwd: string): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    cwd,
    stdio: 'ignore',
  })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  if (child.pid === undefined) throw new Error('no process')
  return Object.assign(child, { pid: child.pid })
}

await t.test('endFolder ends what works in the folder, and nothing else', options, async (t) => {
  const root = realpathSync(t.testdir({ ours: { deep: {} }, 'ours-not': {} }))
  const inside = await startIn(t, `${root}/ours/deep`)
  const atTop = await startIn(t, `${root}/ours`)
  const neighbour = await startIn(t, `${root}/ours-not`)
  t.same(new Set(await processesInside(`${root}/ours`)), new Set([inside.pid, atTop.pid]))

  const ends = Promise.all([once(inside, 'exit'), once(atTop, 'exit')])
  await endFolder(`${root}/ours`)
  await ends
  t.equal(inside.signalCode, 'SIGKILL')
  t.equal(existsSync(`${root}/ours`), false)
  t.equal(neighbour.exitCode, null, 'a folder whose name begins the same is not inside')
  t.not(await processState(neighbour.pid), null)
})

await t.test('a process is found after its folder was removed', options, async (t) => {
  const root = realpathSync(t.testdir({}))
  mkdirSync(`${root}/gone`)
  const child = await startIn(t, `${root}/gone`)
  rmSync(`${root}/gone`, { recursive: true })
  t.same(await processesInside(`${root}/gone`), [child.pid])
  const end = once(child, 'exit')
  await endFolder(`${root}/gone`)
  await end
  t.same(await processesInside(`${root}/gone`), [])
})

await t.test('endFolder of a folder that does not exist is no error', options, async (t) => {
  await endFolder(`${realpathSync(t.testdir({}))}/absent`)
})

await t.test('an identity dies with its process and is not inherited', options, async (t) => {
  const child = await startIn(t, '/')
  const identity = await processIdentity(child.pid)
  if (identity === null) throw new Error('no identity')
  t.match(identity, /^\d+-\d+$/)
  t.equal(await isIdentityAlive(identity), true)
  t.equal(await isIdentityAlive(`${child.pid}-1`), false, 'another process with the same id')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await waitFor('it is gone', async () => !(await isIdentityAlive(identity)))
  t.equal(await processIdentity(child.pid), null)
  t.equal(await processState(child.pid), null)
})

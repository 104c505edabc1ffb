import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { waitFor } from '../wait-for.js'
import { processesInside, processState } from './process-folder.js'
import { baseFolder } from './run-folder.js'
import { skipUnless } from './service-binary.js'
import { startTestRun } from './test-run.js'

const linuxOnly = { skip: process.platform === 'linux' ? false : 'needs /proc' }
const withRedis = { skip: skipUnless('redis') }

/** A test file of its own: starts a private Redis, asks for the shared one, and says what it has. */
const FILE = `
const { sharedRedis, startRedis } = await import(${JSON.stringify(urlOf('redis.js'))})
const { processesInside } = await import(${JSON.stringify(urlOf('process-folder.js'))})
const own = await startRedis()
const shared = await sharedRedis()
const runFolder = own.folder.replace(/\\/private-.*/, '')
const [sharedPid] = await processesInside(runFolder + '/redis')
console.log(JSON.stringify({ runFolder, privatePid: own.pid(), sharedPid, sharedPort: shared.port }))
setInterval(() => {}, 1000)
`

interface Started {
  readonly runFolder: string
  readonly privatePid: number
  readonly sharedPid: number
  readonly sharedPort: number
}

function urlOf(file: string): string {
  return new URL(file, import.meta.url).href
}

async function runFile(
  t: Test,
  runFolder: string | null,
): Promise<{ child: ChildProcess; started: Started }> {
  const { GATEHOUSE_TEST_RUN_DIR: ignored, ...env } = process.env
  void ignored
  const child = spawn(process.execPath, ['--input-type=module', '-e', FILE], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: runFolder === null ? env : { ...env, GATEHOUSE_TEST_RUN_DIR: runFolder },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { child, started: JSON.parse(line) as Started }
}

const isGone = async (pid: number): Promise<boolean> => (await processState(pid)) === null

await t.test('a run has a keeper, and close leaves nothing', linuxOnly, async (t) => {
  const run = await startTestRun()
  t.teardown(() => run.close())
  t.equal(await isGone(run.keeperPid), false)
  t.ok(existsSync(`${run.folder}/keeper.sock`))
  await run.close()
  t.equal(await isGone(run.keeperPid), true)
  t.equal(existsSync(run.folder), false)
  await run.close()
})

await t.test('close works when the keeper was killed', linuxOnly, async (t) => {
  const run = await startTestRun()
  process.kill(run.keeperPid, 'SIGKILL')
  await run.close()
  t.equal(existsSync(run.folder), false)
})

await t.test('the keeper ends the run on SIGTERM too', linuxOnly, async (t) => {
  const run = await startTestRun()
  t.teardown(() => run.close())
  process.kill(run.keeperPid, 'SIGTERM')
  await waitFor('the keeper is gone', () => isGone(run.keeperPid))
  t.equal(existsSync(run.folder), false)
})

await t.test(
  'files of a run share a server; a crash ends only what is its own',
  withRedis,
  async (t) => {
    const run = await startTestRun()
    t.teardown(() => run.close())
    const [first, second] = await Promise.all([runFile(t, run.folder), runFile(t, run.folder)])
    t.equal(first.started.sharedPort, second.started.sharedPort)
    t.equal(first.started.sharedPid, second.started.sharedPid)
    t.not(first.started.privatePid, second.started.privatePid)

    first.child.kill('SIGKILL')
    await waitFor('its private server is gone', () => isGone(first.started.privatePid))
    t.equal(await isGone(second.started.privatePid), false)
    t.equal(await isGone(first.started.sharedPid), false)

    await run.close()
    t.equal(await isGone(second.started.privatePid), true)
    t.equal(await isGone(first.started.sharedPid), true)
    t.same(await processesInside(run.folder), [])
    t.equal(existsSync(run.folder), false)
  },
)

for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
  await t.test(`a file run by itself leaves nothing after ${signal}`, withRedis, async (t) => {
    const { child, started } = await runFile(t, null)
    t.equal(await isGone(started.privatePid), false)
    child.kill(signal)
    await waitFor('the folder of the run is gone', () => !existsSync(started.runFolder))
    t.equal(await isGone(started.privatePid), true)
    t.equal(await isGone(started.sharedPid), true)
    const base = await baseFolder()
    const owner = started.runFolder.split('run-')[1]?.replace(/-[0-9a-f]+$/, '') ?? 'nobody'
    await waitFor('the claims of its ports are given back', () =>
      readdirSync(base)
        .filter((name) => name.startsWith('port-'))
        .every((name) => claimOwner(`${base}/${name}`) !== owner),
    )
  })
}

await t.test('the next run ends what a killed keeper left', withRedis, async (t) => {
  const { child, started } = await runFile(t, null)
  // The keeper is the only other process that was given this folder.
  const keeperPid = readdirSync('/proc').find((pid) => {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return args.some((arg) => arg.endsWith('keeper-main.js')) && args.includes(started.runFolder)
    } catch {
      return false
    }
  })
  process.kill(Number(keeperPid), 'SIGKILL')
  const end = once(child, 'exit')
  child.kill('SIGKILL')
  await end
  t.equal(await isGone(started.sharedPid), false, 'nobody is left to end it')

  const run = await startTestRun()
  t.teardown(() => run.close())
  t.equal(await isGone(started.sharedPid), true)
  t.equal(await isGone(started.privatePid), true)
  t.equal(existsSync(started.runFolder), false)
})

function claimOwner(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

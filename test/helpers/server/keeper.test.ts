import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, realpathSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import t, { type Test } from 'tap'
import { waitFor } from '../wait-for.js'
import { type Keeper, type Starter, startKeeper } from './keeper.js'
import { connectKeeper, type KeeperClient } from './keeper-client.js'
import { processState } from './process-folder.js'

const options = { skip: process.platform === 'linux' ? false : 'needs /proc' }

async function keeperIn(
  t: Test,
  starters: Readonly<Record<string, Starter>>,
): Promise<{ keeper: Keeper; runFolder: string; client: () => Promise<KeeperClient> }> {
  // Short, because the path of a Unix socket must be.
  const runFolder = mkdtempSync(`${realpathSync(tmpdir())}/keeper-`)
  const keeper = await startKeeper({ runFolder, starters })
  t.teardown(() => keeper.close())
  return {
    keeper,
    runFolder,
    async client() {
      const client = await connectKeeper(runFolder)
      t.teardown(() => client.close())
      return client
    },
  }
}

/** A process that works in the folder until it is killed. */
async function work(folder: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    cwd: folder,
    stdio: 'ignore',
  })
  child.unref()
  await once(child, 'spawn')
  return child.pid ?? 0
}

const isGone = async (pid: number): Promise<boolean> => (await processState(pid)) === null

await t.test('all who ask for a kind get the same, started once', options, async (t) => {
  let starts = 0
  const { client } = await keeperIn(t, {
    number: async ({ folder }) => ({ starts: (starts += 1), folder }),
    double: async ({ shared }) => shared('number'),
  })
  const [first, second] = await Promise.all([client(), client()])
  const answers = await Promise.all([
    first.shared('number'),
    second.shared('number'),
    second.shared('double'),
  ])
  t.match(answers[0], { starts: 1, folder: /number$/ })
  t.same(answers[1], answers[0])
  t.same(answers[2], answers[0], 'a kind can be built on another')
  t.equal(starts, 1)
})

await t.test('a start that fails leaves nothing and may be tried again', options, async (t) => {
  const pids: number[] = []
  const { client, runFolder } = await keeperIn(t, {
    moody: async ({ folder }) => {
      pids.push(await work(folder))
      if (pids.length === 1) throw new Error('no port today')
      return 'fine'
    },
  })
  const asking = await client()
  await t.rejects(asking.shared('moody'), { message: 'no port today' })
  t.equal(await isGone(pids[0] ?? 0), true)
  t.equal(existsSync(`${runFolder}/moody`), false)
  t.equal(await asking.shared('moody'), 'fine')
  await t.rejects(asking.shared('unknown'), { message: 'no such kind: unknown' })
})

await t.test('private folders end with the connection, shared ones stay', options, async (t) => {
  const { client } = await keeperIn(t, { worker: async ({ folder }) => work(folder) })
  const [leaving, staying] = await Promise.all([client(), client()])
  const left = await leaving.privateFolder()
  const kept = await staying.privateFolder()
  t.not(left, kept)
  const [leftPid, keptPid] = await Promise.all([work(left), work(kept)])
  const sharedPid = Number(await leaving.shared('worker'))
  leaving.close()
  await waitFor('the private folder is gone', () => !existsSync(left))
  t.equal(await isGone(leftPid), true)
  t.equal(await isGone(keptPid), false)
  t.equal(await isGone(sharedPid), false)
  await t.rejects(leaving.privateFolder(), { message: 'the test run has ended' })
})

await t.test('close ends everything and tells who still waits', options, async (t) => {
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  let latePid = 0
  const { client, keeper, runFolder } = await keeperIn(t, {
    slow: async ({ folder }) => {
      latePid = await work(folder)
      await held
      return 'late'
    },
  })
  const asking = await client()
  const privatePid = await work(await asking.privateFolder())
  const waiting = t.rejects(asking.shared('slow'), { message: 'the test run has ended' })
  await waitFor('the slow start has begun', () => latePid)
  const closed = keeper.close()
  await waiting
  release()
  await closed
  t.equal(await isGone(privatePid), true)
  t.equal(await isGone(latePid), true)
  t.equal(existsSync(runFolder), false)
  await t.rejects(connectKeeper(runFolder), { code: 'ENOENT' })
})

await t.test('a line that is no request ends only its own connection', options, async (t) => {
  const { client, runFolder } = await keeperIn(t, { one: async () => 1 })
  const stranger = connect(`${runFolder}/keeper.sock`)
  stranger.write('not json\n')
  stranger.resume()
  await once(stranger, 'close')
  t.equal(await (await client()).shared('one'), 1)
})

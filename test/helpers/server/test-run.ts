import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, open } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endFolder } from './process-folder.js'
import { baseFolder, createRunFolder, sweepStale } from './run-folder.js'

const KEEPER = fileURLToPath(new URL('./keeper-main.js', import.meta.url))

export interface TestRun {
  /** Handed to the test files in GATEHOUSE_TEST_RUN_DIR. */
  readonly folder: string
  /** Process id of the keeper. */
  readonly keeperPid: number
  /** Ends everything the run started and removes its folder; resolves when that is done. */
  readonly close: () => Promise<void>
}

/**
 * Starts the keeper of a test run, a process of its own that shares one server of each kind between the
 * test files. It reads a pipe of which only this process holds the other end: however this process ends,
 * the keeper sees it at once, ends what the run started and removes the folder. What a killed keeper
 * left is swept here, at the start of the next run.
 */
export async function startTestRun(): Promise<TestRun> {
  const base = await baseFolder()
  await sweepStale(base)
  const folder = await createRunFolder(base)
  const logPath = join(folder, 'keeper.log')
  const log = await open(logPath, 'w')
  const keeper = spawn(process.execPath, ['--enable-source-maps', KEEPER, folder], {
    // Not inside of the run's folder: what works in there is ended by the keeper.
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', log.fd],
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: process.env['TMPDIR'] ?? '/tmp' },
  })
  const { stdin, stdout, pid } = keeper
  if (stdin === null || stdout === null) throw new Error('the keeper of the test run has no pipes')
  const isGone = once(keeper, 'exit')
  const isReady = once(stdout, 'data').then(() => true)
  const isStarted = await Promise.race([isReady, isGone.then(() => false)])
  await log.close()
  if (!isStarted || pid === undefined) {
    const reason = await readFile(logPath, 'utf8')
    await endFolder(folder)
    throw new Error(`the keeper of the test run did not start: ${reason}`)
  }
  stdout.destroy()
  keeper.unref()
  // A pipe to a child is a socket, which its type does not say.
  if (stdin instanceof Socket) stdin.unref()
  return {
    folder,
    keeperPid: pid,
    async close() {
      if (keeper.exitCode === null && keeper.signalCode === null) {
        keeper.ref()
        stdin.destroy()
        await isGone
      }
      // The keeper itself may have been killed before.
      await endFolder(folder)
    },
  }
}

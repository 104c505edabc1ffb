import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '../wait-for.js'
import { processState } from './process-folder.js'

const START_DEADLINE_MS = 30_000
const STOP_DEADLINE_MS = 15_000
const LOG_TAIL_CHARS = 4_000

/** One process of a throwaway server. Its port and folder stay the same over every restart. */
export interface ServerNode {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly folder: string
  /** Null while it does not run. */
  readonly pid: () => number | null
  /** SIGKILL, as a power cut or the kernel's memory killer does; resolves when it is gone. */
  readonly kill: () => Promise<void>
  /** SIGTERM, an orderly end; resolves when it is gone. After the deadline it is killed: an error. */
  readonly stop: (deadlineMs?: number) => Promise<void>
  /** Starts it again, after `stop()` when it still runs; resolves when it answers. */
  readonly restart: () => Promise<void>
  /** SIGSTOP: connections stay open and are still accepted by the kernel, nothing answers. */
  readonly pause: () => Promise<void>
  /** SIGCONT, the end of `pause()`. */
  readonly resume: () => void
  /** What it printed since its first start. */
  readonly log: () => Promise<string>
}

export interface ServerNodeSpec {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Working folder of the process; cleaning up after a crash relies on it. */
  readonly folder: string
  readonly command: string
  readonly args: readonly string[]
  /** True when this very process answers; false or an error means not yet. */
  readonly isReady: (pid: number) => Promise<boolean>
  readonly startDeadlineMs?: number
}

/** Starts the process and resolves when it answers; ends it again when it does not. */
export async function startServerNode(spec: ServerNodeSpec): Promise<ServerNode> {
  const { name, host, port, folder } = spec
  let child: ChildProcess | null = null

  const log = async (): Promise<string> => readFile(join(folder, 'server.log'), 'utf8')
  const running = (): ChildProcess | null =>
    child !== null && child.exitCode === null && child.signalCode === null ? child : null

  async function start(): Promise<void> {
    const started = await spawnServer(spec)
    child = started
    const { pid } = started
    if (pid === undefined) throw new Error(`${name} has no process`)
    try {
      await waitFor(
        `${name} answers on port ${port}`,
        async () => {
          if (running() === null) throw new Error(`${name} ended while starting`)
          return spec.isReady(pid).catch(() => false)
        },
        spec.startDeadlineMs ?? START_DEADLINE_MS,
      )
    } catch (error) {
      await kill()
      const tail = (await log()).slice(-LOG_TAIL_CHARS)
      throw new Error(`${name} did not start: ${tail}`, { cause: error })
    }
  }

  async function kill(): Promise<void> {
    const ending = running()
    if (ending === null) return
    ending.ref()
    const isGone = once(ending, 'exit')
    ending.kill('SIGKILL')
    await isGone
  }

  async function stop(deadlineMs = STOP_DEADLINE_MS): Promise<void> {
    const ending = running()
    if (ending === null) return
    ending.ref()
    const isGone = once(ending, 'exit')
    ending.kill('SIGTERM')
    ending.kill('SIGCONT') // A paused process takes SIGTERM only when it goes on.
    const timer = setTimeout(() => ending.kill('SIGKILL'), deadlineMs)
    await isGone
    clearTimeout(timer)
    if (ending.signalCode === 'SIGKILL') throw new Error(`${name} did not stop by itself`)
  }

  await start()
  return {
    name,
    host,
    port,
    folder,
    pid: () => running()?.pid ?? null,
    kill,
    stop,
    async restart() {
      await stop()
      await start()
    },
    async pause() {
      const pid = running()?.pid
      if (pid === undefined) throw new Error(`${name} does not run`)
      process.kill(pid, 'SIGSTOP')
      await waitFor(`${name} is stopped`, async () => (await processState(pid)) === 'T')
    },
    resume() {
      running()?.kill('SIGCONT')
    },
    log,
  }
}

/**
 * No shell, no configuration of the machine, a session of its own (so a Ctrl-C in the terminal ends
 * the test, not the server before it) and no pipe that a reader would have to empty.
 */
async function spawnServer({ command, args, folder }: ServerNodeSpec): Promise<ChildProcess> {
  const log = await open(join(folder, 'server.log'), 'a')
  try {
    const child = spawn(command, args, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: folder, LC_ALL: 'C' },
    })
    await once(child, 'spawn')
    // A server that its owner forgot must not keep the owner alive; the keeper of the run ends it.
    child.unref()
    return child
  } finally {
    await log.close()
  }
}

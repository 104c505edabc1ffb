import { connect } from 'node:net'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { keeperSocketPath, type KeeperReply, type KeeperRequest } from './keeper.js'
import { startTestRun } from './test-run.js'

/** The connection of a test file to the keeper of its run. It does not keep the process alive. */
export interface KeeperClient {
  /** What is shared under this kind; the first who asks waits until it is started. */
  readonly shared: (kind: string) => Promise<unknown>
  /** A new folder; whatever runs in it ends with `close()` or with this process, however that ends. */
  readonly privateFolder: () => Promise<string>
  readonly close: () => void
}

let current: Promise<KeeperClient> | null = null

/**
 * The keeper of this run: the one of the runner (GATEHOUSE_TEST_RUN_DIR), or for a file that was started
 * by itself a new one that ends with this process. One connection per process.
 */
export function currentKeeper(): Promise<KeeperClient> {
  current ??= findRunFolder().then(connectKeeper)
  return current
}

async function findRunFolder(): Promise<string> {
  return process.env['GATEHOUSE_TEST_RUN_DIR'] ?? (await startTestRun()).folder
}

interface Waiter {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** Connects to the keeper of a run's folder. */
export async function connectKeeper(runFolder: string): Promise<KeeperClient> {
  const socket = connect(keeperSocketPath(runFolder))
  await once(socket, 'connect')
  const waiting = new Map<number, Waiter>()
  let lastId = 0

  function settle(id: number): Waiter | undefined {
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) socket.unref()
    return waiter
  }
  createInterface({ input: socket }).on('line', (line) => {
    const reply = JSON.parse(line) as KeeperReply
    if ('error' in reply) settle(reply.id)?.reject(new Error(reply.error))
    else settle(reply.id)?.resolve(reply.value)
  })
  socket.on('error', () => undefined) // The 'close' that follows says the same.
  socket.on('close', () => {
    for (const id of [...waiting.keys()]) settle(id)?.reject(new Error('the test run has ended'))
  })
  socket.unref()

  function ask(kind: string | null): Promise<unknown> {
    if (!socket.writable) return Promise.reject(new Error('the test run has ended'))
    lastId += 1
    const request: KeeperRequest = { id: lastId, kind }
    return new Promise((resolve, reject) => {
      waiting.set(request.id, { resolve, reject })
      socket.ref()
      socket.write(`${JSON.stringify(request)}\n`)
    })
  }
  return {
    shared: ask,
    async privateFolder() {
      return (await ask(null)) as string
    },
    close: () => void socket.destroy(),
  }
}

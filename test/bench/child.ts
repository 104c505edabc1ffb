/** Child processes of the benchmarks: a server until it listens, a load until it ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

export interface Served {
  readonly pid: number
  readonly child: ChildProcess
  /** `host:port` by name of the listener. */
  readonly addresses: Readonly<Record<string, string>>
  /** From spawn to the line that says it is ready, in milliseconds. */
  readonly readyMs: number
  stop(): Promise<void>
}

/**
 * Spawns a node script that logs JSON lines: `{"msg":"listening","listener","address"}` for each listener,
 * then `{"msg":"ready"}`.
 */
export async function serve(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const addresses: Record<string, string> = {}
  const readyMs = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`ended early with ${code}`)))
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      const entry = parse(line)
      if (entry['msg'] === 'listening')
        addresses[String(entry['listener'])] = String(entry['address'])
      if (entry['msg'] !== 'ready') return
      resolve(performance.now() - startedAt)
      // From here on the log is only drained: taking each line apart would use the cores that are measured.
      lines.close()
      child.stdout.resume()
    })
  })
  return {
    pid: child.pid ?? 0,
    child,
    addresses,
    readyMs,
    async stop() {
      child.kill('SIGTERM')
      await closed
    },
  }
}

export interface LoadPlan {
  readonly url: string
  /** How many, not how long: so every subject of a comparison has had as many to warm up by. */
  readonly requests: number
  readonly connections: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent by POST; a GET without one. */
  readonly body?: string
}

export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly errors: number
}

/** Sends requests from a process of its own, on the core of the load. */
export async function load(plan: LoadPlan): Promise<LoadResult> {
  const script = `${PACKAGE_ROOT}dist/test/bench/http-load.js`
  const child = spawn(process.execPath, [script, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  pin(child.pid ?? 0, LOAD_CORE)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  await once(child, 'close')
  return JSON.parse(output) as LoadResult
}

export const SERVER_CORE = '0'
export const LOAD_CORE = '1'

/** Keeps servers and load off each other's core, where the machine can. */
export function pin(pid: number, core: string): void {
  spawnSync('taskset', ['-a', '-p', '-c', core, String(pid)], { stdio: 'ignore' })
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}

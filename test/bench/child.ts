/** Child processes of the benchmarks: a server until it listens, a load until it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

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

export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly errors: number
}

/**
 * Runs autocannon in its own process against a URL: a number of requests, not a span of time, so that every subject
 * of a comparison has had as many to warm up by.
 */
export async function load(
  url: string,
  options: {
    readonly requests: number
    readonly connections: number
    readonly headers?: Readonly<Record<string, string>>
    /** Sent by POST; a GET without one. */
    readonly body?: string
  },
): Promise<LoadResult> {
  const headers = Object.entries(options.headers ?? {}).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ])
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(import.meta.resolve('autocannon')),
      ...['-j', '-n', '-a', String(options.requests), '-c', String(options.connections)],
      ...(options.body === undefined ? [] : ['-m', 'POST', '-b', options.body]),
      ...headers,
      url,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  await once(child, 'close')
  const result = JSON.parse(output) as {
    requests: { total: number; average: number }
    errors: number
    non2xx: number
  }
  return {
    requests: result.requests.total,
    requestsPerSecond: result.requests.average,
    errors: result.errors + result.non2xx,
  }
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}

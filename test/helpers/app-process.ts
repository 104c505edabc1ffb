import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { waitFor } from './wait-for.js'

export const BINARY = `${PACKAGE_ROOT}dist/bundle/bin/app.js`
export const API_KEY = 'dev-api-key'
/**
 * How the program is started: as users start it, without what the test runner loads into each process that it sees
 * begin, which doubles what a start costs. `env` becomes the program, so it is the child.
 */
function bareArguments({ imports = [] }: AppOptions, args: readonly string[]): string[] {
  const options = imports.map((file) => `--import=${file}`)
  return ['-u', 'NODE_OPTIONS', process.execPath, ...options, BINARY, ...args]
}

const START_DEADLINE_MS = 20_000
/** Of the log, where a process has ended early. */
const LAST_LINES = 20

export type ServiceName = 'http' | 'socket' | 'grpc'

export interface AppEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface AppProcess {
  readonly child: ChildProcess
  /** Every line of the log, parsed. */
  readonly log: Record<string, unknown>[]
  readonly stderr: () => string
  /** `host:port` of a service once it listens. */
  address(service: ServiceName): string
  /** Resolves with the end, whoever brings it about. */
  readonly ended: Promise<AppEnd>
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<AppEnd>
}

export interface AppOptions {
  readonly dataDir: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Modules that are loaded into the process before the program. */
  readonly imports?: readonly string[]
}

/** The environment of a spawned app: port 0 everywhere, cheap passwords, JSON log. */
export function appEnv({ dataDir, env }: AppOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    APP_ENV: 'test',
    APP_DATA_DIR: dataDir,
    APP_HTTP_PORT: '0',
    APP_SOCKET_PORT: '0',
    APP_GRPC_PORT: '0',
    APP_LOG_FORMAT: 'json',
    APP_LOG_LEVEL: 'info',
    ...env,
  }
}

/** Spawns the built binary with a service command and waits until all its services listen. */
export async function startApp(
  t: Test,
  command: ServiceName | 'up',
  options: AppOptions,
): Promise<AppProcess> {
  const child = spawn('env', bareArguments(options, [command]), {
    env: appEnv(options),
    cwd: options.cwd ?? PACKAGE_ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const log: Record<string, unknown>[] = []
  let stderr = ''
  createInterface({ input: child.stdout }).on('line', (line) => log.push(parseLine(line)))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))

  const ended = closed.then(([code, signal]): AppEnd => ({ code, signal }))

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<AppEnd> {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    return ended
  }
  t.teardown(() => stop('SIGKILL'))

  const expected: readonly ServiceName[] = command === 'up' ? ['http', 'socket', 'grpc'] : [command]
  const urlOf = (service: ServiceName): string | undefined => {
    const line = log.find((entry) => entry['msg'] === 'listening' && entry['listener'] === service)
    return line?.['address'] as string | undefined
  }
  await waitFor(
    `app ${command} listens`,
    () => {
      if (child.exitCode !== null) {
        const last = log.slice(-LAST_LINES).map((line) => JSON.stringify(line))
        throw new Error(`app ${command} ended early: ${stderr}\n${last.join('\n')}`)
      }
      return log.some((entry) => entry['msg'] === 'ready') && expected.every(urlOf)
    },
    START_DEADLINE_MS,
  )
  return {
    child,
    log,
    stderr: () => stderr,
    address(service) {
      const address = urlOf(service)
      if (address === undefined) throw new Error(`${service} does not listen`)
      return address
    },
    ended,
    stop,
  }
}

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built binary to its end. */
export async function runApp(
  args: readonly string[],
  options: AppOptions & { readonly input?: string },
): Promise<CliResult> {
  const child = spawn('env', bareArguments(options, args), {
    env: appEnv(options),
    cwd: options.cwd ?? PACKAGE_ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  child.stdin.end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return { unparsed: line }
  }
}

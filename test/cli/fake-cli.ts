import { EventEmitter } from 'node:events'
import { PassThrough, Readable, Writable } from 'node:stream'
import type { AdminApp, CliApps, MigrationApp, RunningApp } from '../../src/cli/cli-apps.js'
import type { CliInput, CliIo, StopSignal } from '../../src/cli/cli-io.js'
import { runCli } from '../../src/cli/run-cli.js'

/** 2026-01-02T03:04:05.678Z */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

export interface FakeIo extends CliIo {
  readonly output: () => string
  readonly errors: () => string
  /** Sends a signal to the program. */
  kill(signal: StopSignal): void
  /** How many listeners the program has left behind. */
  listenerCount(): number
}

interface FakeIoOptions {
  readonly stdin?: CliInput | string
  readonly env?: Record<string, string>
  readonly cwd?: string
}

/** The outside of the program, held in memory. */
export function createFakeIo({ stdin = '', env = {}, cwd = '/' }: FakeIoOptions = {}): FakeIo {
  const out: string[] = []
  const err: string[] = []
  const signals = new EventEmitter()
  return {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout: collect(out),
    stderr: collect(err),
    env,
    cwd,
    signals,
    now: () => NOW,
    output: () => out.join(''),
    errors: () => err.join(''),
    kill: (signal) => {
      signals.emit(signal)
    },
    listenerCount: () =>
      signals.eventNames().reduce((sum, name) => sum + signals.listenerCount(name), 0),
  }
}

function collect(texts: string[]): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      texts.push(String(chunk))
      done()
    },
  })
}

/** A terminal that takes keys and remembers whether it echoes. */
export function createFakeTerminal(): CliInput & PassThrough & { readonly modes: boolean[] } {
  const modes: boolean[] = []
  return Object.assign(new PassThrough(), {
    isTTY: true,
    modes,
    setRawMode: (raw: boolean) => modes.push(raw),
  })
}

/** Applications that fail when they are called, but for the given ones. */
export function createFakeApps(given: Partial<CliApps> = {}): CliApps {
  const unexpected = (name: string) => async (): Promise<never> => {
    throw new Error(`unexpected call of ${name}`)
  }
  return {
    startHttp: unexpected('startHttp'),
    startSocket: unexpected('startSocket'),
    startGrpc: unexpected('startGrpc'),
    startAll: unexpected('startAll'),
    checkHealth: unexpected('checkHealth'),
    openAdmin: unexpected('openAdmin'),
    openMigrations: unexpected('openMigrations'),
    openCalls: unexpected('openCalls'),
    openCertificates: unexpected('openCertificates'),
    runSocketClient: unexpected('runSocketClient'),
    ...given,
  }
}

type AdminParts = {
  [P in Exclude<keyof AdminApp, 'close'>]?: Partial<AdminApp[P]>
}

/** Applications whose `openAdmin` gives the given parts; counts openings and closings. */
export function createFakeAdmin(parts: AdminParts): {
  readonly apps: CliApps
  opened: number
  closed: number
} {
  const unexpected = async (): Promise<never> => {
    throw new Error('unexpected call')
  }
  const admin = {
    opened: 0,
    closed: 0,
    apps: createFakeApps({
      openAdmin: async () => {
        admin.opened += 1
        return {
          accounts: {
            createAsOperator: unexpected,
            list: unexpected,
            setRole: unexpected,
            findByUsername: unexpected,
            ...parts.accounts,
          },
          credentials: { createResetLink: unexpected, ...parts.credentials },
          userAdmin: { update: unexpected, delete: unexpected, ...parts.userAdmin },
          sessions: { listForUser: unexpected, endAsAdmin: unexpected, ...parts.sessions },
          audit: { list: unexpected, ...parts.audit },
          keys: {
            list: unexpected,
            generate: unexpected,
            rotate: unexpected,
            retire: unexpected,
            burn: unexpected,
            ...parts.keys,
          },
          close: async () => {
            admin.closed += 1
          },
        }
      },
    }),
  }
  return admin
}

/** Applications whose `openMigrations` gives the given parts; counts closings. */
export function createFakeMigrations(parts: Partial<MigrationApp>): {
  readonly apps: CliApps
  closed: number
} {
  const unexpected = async (): Promise<never> => {
    throw new Error('unexpected call')
  }
  const tables = {
    closed: 0,
    apps: createFakeApps({
      openMigrations: async () => ({
        ...{ up: unexpected, down: unexpected, status: unexpected, ...parts },
        close: async () => {
          tables.closed += 1
        },
      }),
    }),
  }
  return tables
}

export interface FakeRunningApp extends RunningApp {
  readonly lines: { fields: object; message: string }[]
  closed: number
}

/** A service that is up at once and counts how often it is closed. */
export function createFakeRunningApp(given: Partial<RunningApp> = {}): FakeRunningApp {
  const lines: { fields: object; message: string }[] = []
  const log = (fields: object, message: string): void => {
    lines.push({ fields, message })
  }
  const app: FakeRunningApp = {
    addresses: [
      { name: 'http', url: 'http://127.0.0.1:8080' },
      { name: 'socket', url: 'ws://127.0.0.1:30000' },
    ],
    firstRunHint: null,
    dataLocation: '/var/lib/app',
    logger: { info: log, error: log },
    lines,
    closed: 0,
    close: async () => {
      app.closed += 1
    },
    ...given,
  }
  return app
}

/** One run of the program: its exit code and everything that it printed. */
export async function run(
  argv: readonly string[],
  { apps = createFakeApps(), io = createFakeIo() }: { apps?: CliApps; io?: FakeIo } = {},
): Promise<{ code: number; output: string; errors: string }> {
  const code = await runCli(argv, io, apps)
  return { code, output: io.output(), errors: io.errors() }
}

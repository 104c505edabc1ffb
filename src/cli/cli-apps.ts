import type { Readable, Writable } from 'node:stream'
import type { Config } from '../config/schema.js'

/** A service, or all three, that is up. */
export interface RunningApp {
  readonly addresses: readonly { readonly name: string; readonly url: string }[]
  /** What to do before the first use; null when there is nothing left to do. */
  readonly firstRunHint: string | null
  /** Where the data lies, for a person to find it. */
  readonly dataLocation: string
  readonly logger: {
    info(fields: object, message: string): void
    error(fields: object, message: string): void
  }
  /** Stops serving and lets go of everything; has a deadline of its own. */
  close(): Promise<void>
}

/** Instants in milliseconds since the epoch, here and below. */
export interface CliUser {
  readonly id: string
  readonly username: string
  readonly displayName: string
  readonly email: string | null
  readonly role: string
  readonly state: string
  readonly createdAt: number
}

export interface CliUserPage {
  readonly users: readonly CliUser[]
  readonly next: string | null
}

export interface CliNewAccount {
  readonly username: string
  readonly password: string
  readonly role: string
  readonly email?: string
  readonly displayName?: string
}

export interface CliSession {
  readonly id: string
  readonly clientId: string
  readonly method: string
  readonly userAgent: string
  readonly address: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly connections: number
}

export type CliEndTarget =
  | { readonly sessionId: string }
  | { readonly userId: string; readonly clientId?: string }
  | { readonly keyId: string }

export interface CliEndResult {
  readonly ended: number
  readonly connectionsClosed: number
  readonly processes: { readonly asked: number; readonly answered: number }
}

export type CliAlgorithm = Config['auth']['algorithm']

export interface CliKey {
  readonly id: string
  readonly algorithm: string
  readonly status: string
  readonly createdAt: number
  readonly signsFrom: number | null
}

export interface CliBurnResult {
  readonly key: CliKey
  readonly end: CliEndResult
}

export interface CliResetLink {
  readonly token: string
  readonly link: string | null
  readonly expiresAt: number
}

export interface CliAuditEvent {
  readonly id: number
  readonly type: string
  readonly at: number
  readonly actorId: string | null
  readonly userId: string | null
  readonly sessionId: string | null
  readonly address: string | null
  readonly data: Readonly<Record<string, string | number | boolean>>
}

export interface CliAuditQuery {
  readonly userId?: string
  readonly type?: string
  readonly since?: number
  readonly before?: number
  readonly limit: number
}

/** Which actor did something; nobody in particular from a terminal. */
export interface CliActor {
  readonly actorId: null
  readonly address: null
}

export interface CliMigration {
  readonly name: string
  /** Null when it has not been applied. */
  readonly appliedAt: number | null
}

/** The operator's way to the stores; nothing listens. */
export interface AdminApp {
  readonly accounts: {
    createAsOperator(account: CliNewAccount): Promise<CliUser>
    list(options: { limit: number; after?: string }): Promise<CliUserPage>
    setRole(username: string, role: string): Promise<CliUser>
    findByUsername(username: string): Promise<CliUser>
  }
  readonly credentials: {
    createResetLink(userId: string, actor: CliActor): Promise<CliResetLink>
  }
  readonly userAdmin: {
    update(
      userId: string,
      changes: { state: string },
      actor: CliActor,
    ): Promise<{ user: CliUser; end: CliEndResult }>
    delete(userId: string, actor: CliActor): Promise<CliEndResult>
  }
  readonly sessions: {
    listForUser(userId: string): Promise<readonly CliSession[]>
    endAsAdmin(target: CliEndTarget): Promise<CliEndResult>
  }
  readonly audit: {
    /** Newest first. */
    list(
      query: CliAuditQuery,
    ): Promise<{ readonly events: readonly CliAuditEvent[]; readonly next: number | null }>
  }
  readonly keys: {
    list(): Promise<readonly CliKey[]>
    generate(algorithm: CliAlgorithm): Promise<CliKey>
    rotate(options: { keyId?: string; algorithm: CliAlgorithm; signsFrom: number }): Promise<CliKey>
    retire(keyId: string): Promise<CliKey>
    burn(keyId: string, algorithm: CliAlgorithm): Promise<CliBurnResult>
  }
  close(): Promise<void>
}

/** The operator's way to the tables; opening it changes nothing. */
export interface MigrationApp {
  /** Applies what is pending; the names of what was applied, in order. */
  up(): Promise<readonly string[]>
  /** Takes back the newest; its name, or null when there is none. */
  down(): Promise<string | null>
  status(): Promise<readonly CliMigration[]>
  close(): Promise<void>
}

export interface SocketClientOptions {
  readonly url: string
  /** Lines to send; the client leaves at its end. */
  readonly input: Readable
  readonly output: Writable
  /** Gets what is wrong, one line each. */
  readonly errorOutput: Writable
  /** Aborted when the person wants to leave. */
  readonly signal: AbortSignal
  /** Sent as the one message; `input` is not read then. */
  readonly json: { readonly name: string; readonly age?: string } | null
  /** Whether to stay after the end of the input, until the server closes or the person leaves. */
  readonly stay: boolean
}

/** What a gRPC service says of an access token. */
export type CliVerdict =
  | {
      readonly active: true
      readonly userId: string
      readonly role: string
      readonly sessionId: string
      readonly clientId: string
      readonly expiresAt: number
    }
  | { readonly active: false; readonly reason: string; readonly message: string }

/** Calls to a gRPC service; nothing is opened before the first. */
export interface CallApp {
  hello(id: number): Promise<{ readonly id: number; readonly name: string }>
  verify(accessToken: string): Promise<CliVerdict>
  close(): Promise<void>
}

export interface CliCertificate {
  readonly file: string
  readonly kind: string
  readonly subject: string
  readonly issuer: string
  readonly names: readonly string[]
  readonly validFrom: number
  readonly validTo: number
  readonly serialNumber: string
  readonly fingerprint: string
}

/** Certificates in a folder. */
export interface CertificateApp {
  create(options: {
    readonly folder: string
    readonly hosts: readonly string[]
    readonly clients: readonly string[]
    readonly days: number
    readonly authorityDays: number
    readonly now: number
  }): Promise<
    readonly {
      readonly kind: string
      readonly name: string
      readonly certFile: string
      readonly keyFile: string
    }[]
  >
  show(path: string): Promise<readonly CliCertificate[]>
}

/** One of the services that listen. */
export type CliService = 'http' | 'socket' | 'grpc'

/** Whether a running service should get traffic. */
export interface CliHealth {
  readonly ready: boolean
  readonly parts: Readonly<Record<string, string>>
}

/** What the program can start. Each is called, and its code loaded, only by the command that needs it. */
export interface CliApps {
  startHttp(config: Config, environment: string): Promise<RunningApp>
  startSocket(config: Config, environment: string): Promise<RunningApp>
  startGrpc(config: Config, environment: string): Promise<RunningApp>
  /** All three services in one process. */
  startAll(config: Config, environment: string): Promise<RunningApp>
  /** Asks one that runs. Raises UNAVAILABLE (`not_running`). */
  checkHealth(config: Config, service: CliService): Promise<CliHealth>
  openAdmin(config: Config): Promise<AdminApp>
  openMigrations(config: Config): Promise<MigrationApp>
  openCalls(config: Config): Promise<CallApp>
  openCertificates(): Promise<CertificateApp>
  /** Resolves with the exit code; says itself when the server refuses or cannot be reached. */
  runSocketClient(options: SocketClientOptions): Promise<number>
}

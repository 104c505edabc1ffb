import { AppError } from '../errors/app-error.js'

const CAUSES_MAX = 10

/** What a failure says on the terminal: one line that names the culprit, then one for each detail. */
export interface FailureReport {
  readonly line: string
  readonly details: readonly string[]
}

/** What the operating system refused, and the port or file it is about. */
interface SystemFailure {
  readonly culprit: string
  readonly text: string
}

/** The report of anything thrown. Never a stack. */
export function describeFailure(thrown: unknown): FailureReport {
  const system = findSystemFailure(thrown)
  if (thrown instanceof AppError && thrown.code !== 'INTERNAL') {
    const { message, details } = thrown
    const silent = system !== null && !message.includes(system.culprit)
    return {
      line: oneLine(silent ? `${message.replace(/\.$/, '')}: ${system.text}` : message),
      details: details
        .filter((detail) => !message.includes(detail.message))
        .map((detail) => oneLine(`${detail.path}: ${detail.message}`)),
    }
  }
  if (system !== null) return { line: oneLine(system.text), details: [] }
  const root = thrown instanceof AppError && thrown.cause !== undefined ? thrown.cause : thrown
  const message = root instanceof Error ? root.message || root.name : String(root)
  return { line: oneLine(message), details: [] }
}

/** The stack of anything thrown, with its causes, for who asked for it by log level debug. */
export function stackOf(thrown: unknown, left = CAUSES_MAX): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const own = thrown.stack ?? thrown.message
  if (thrown.cause === undefined || left === 0) return own
  return `${own}\ncaused by: ${stackOf(thrown.cause, left - 1)}`
}

/** Free of control characters, so that no data can write to the terminal as if it were us. */
export function oneLine(text: string): string {
  const [first = ''] = text.split(/\r?\n/)
  return printable(first)
}

/** The text with every control character replaced. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

/** The first refusal of the operating system among an error and what caused it. */
function findSystemFailure(thrown: unknown, left = CAUSES_MAX): SystemFailure | null {
  if (!(thrown instanceof Error) || left === 0) return null
  const inner: unknown[] = thrown instanceof AggregateError ? thrown.errors : []
  const own = listenFailure(thrown) ?? fileFailure(thrown)
  if (own !== null) return own
  for (const next of [thrown.cause, ...inner]) {
    const found = findSystemFailure(next, left - 1)
    if (found !== null) return found
  }
  return null
}

function listenFailure(error: Error): SystemFailure | null {
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & {
    address?: string
    port?: number
  }
  // grpc-js keeps the text of the error and drops its fields.
  const quoted = /EADDRINUSE[^[\d]*(\S+:\d+)/.exec(error.message)?.[1]
  if (quoted !== undefined) return { culprit: quoted, text: `${quoted} is already in use` }
  if (syscall !== 'listen' && syscall !== 'bind') return null
  const host = address?.includes(':') ? `[${address}]` : (address ?? 'localhost')
  const culprit = port === undefined ? host : `${host}:${port}`
  if (code === 'EADDRINUSE') return { culprit, text: `${culprit} is already in use` }
  if (code === 'EACCES') return { culprit, text: `no permission to listen on ${culprit}` }
  return { culprit, text: `cannot listen on ${culprit} (${code ?? 'unknown cause'})` }
}

const FILE_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a folder',
  ENOTDIR: 'a part of the path is not a folder',
}

function fileFailure(error: Error): SystemFailure | null {
  const { code, path } = error as NodeJS.ErrnoException
  if (path === undefined || code === undefined) return null
  return { culprit: path, text: `${path}: ${FILE_FAILURES[code] ?? code}` }
}

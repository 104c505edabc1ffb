import { AppError } from '../../../errors/app-error.js'
import { isRecord, parseJson } from '../../json-member.js'
import { memberText } from '../../json-text.js'

/** What a client may ask for; `pong` is the empty command with which it answers a ping. */
export const METHODS = [
  'connect',
  'refresh',
  'subscribe',
  'sub_refresh',
  'unsubscribe',
  'publish',
  'presence',
  'presence_stats',
  'history',
  'ping',
  'rpc',
  'send',
] as const
export type Method = (typeof METHODS)[number]

export type Params = Readonly<Record<string, unknown>>

export interface Command {
  /** 0 for `send`, which gets no reply. */
  readonly id: number
  readonly method: Method
  readonly params: Params
  /** The JSON text of the member `data`, as the client wrote it; absent when there is none. */
  readonly data?: string
}

/** Commands of one frame; with the largest frame they bound the work that one read can bring. */
const COMMANDS_PER_FRAME_MAX = 1_024

/**
 * Reads the commands of one frame, one JSON object a line; answers to pings are left out. Raises INVALID_ARGUMENT with
 * reason `frame_malformed` for anything else, which ends the connection: whoever speaks another protocol does not
 * begin to speak this one later.
 */
export function parseCommands(text: string): readonly Command[] {
  const commands: Command[] = []
  for (const line of text.split('\n')) {
    if (line === '' || line.trim() === '') continue
    const command = parseCommand(line)
    if (command !== null) commands.push(command)
    if (commands.length > COMMANDS_PER_FRAME_MAX) throw malformed('too many commands in a frame')
  }
  return commands
}

function parseCommand(line: string): Command | null {
  const value = parseJson(line)
  if (!isRecord(value)) throw malformed('a command is a JSON object')
  const { id = 0, ...rest } = value
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) {
    throw malformed('the id of a command is a positive integer')
  }
  const [name, ...others] = Object.keys(rest)
  if (name === undefined) {
    if (id === 0) return null
    throw malformed('a command names its method')
  }
  const method = METHODS.find((known) => known === name)
  const params = rest[name] ?? {}
  if (method === undefined || others.length > 0 || !isRecord(params)) {
    throw malformed('a command has one known method')
  }
  if (id === 0 && method !== 'send') throw malformed('a command has an id')
  const data = params['data'] === undefined ? undefined : memberText(line, name, 'data')
  return { id, method, params, ...(data === undefined ? {} : { data }) }
}

/** A text member; the empty text when absent. Raises INVALID_ARGUMENT. */
export function textOf(params: Params, name: string): string {
  const value = params[name] ?? ''
  if (typeof value === 'string') return value
  throw badMember(name, 'a text')
}

/** A flag; false when absent. Raises INVALID_ARGUMENT. */
export function flagOf(params: Params, name: string): boolean {
  const value = params[name] ?? false
  if (typeof value === 'boolean') return value
  throw badMember(name, 'true or false')
}

/** A number of at least 0; 0 when absent. Raises INVALID_ARGUMENT. */
export function countOf(params: Params, name: string): number {
  const value = params[name] ?? 0
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw badMember(name, 'a number of at least 0')
}

/** The position that `offset` and `epoch` say. Raises INVALID_ARGUMENT. */
export function positionOf(params: Params): { offset: number; epoch: string } {
  return { offset: countOf(params, 'offset'), epoch: textOf(params, 'epoch') }
}

/** The JSON text of `data`. Raises INVALID_ARGUMENT when it is absent. */
export function requireData(data: string | undefined): string {
  if (data === undefined) throw badMember('data', 'given')
  return data
}

function badMember(name: string, expected: string): AppError {
  const message = `"${name}" must be ${expected}.`
  const details = [{ path: name, message }]
  return new AppError('INVALID_ARGUMENT', 'invalid_argument', message, { details })
}

function malformed(what: string): AppError {
  return new AppError('INVALID_ARGUMENT', 'frame_malformed', `Not the client protocol: ${what}.`)
}

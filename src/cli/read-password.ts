import { AppError, invalidArgument } from '../errors/app-error.js'
import type { CliInput, CliIo } from './cli-io.js'

const PASSWORD_BYTES_MAX = 1024
/** A carriage return and a line feed may follow. */
const LINE_BYTES_MAX = PASSWORD_BYTES_MAX + 2
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const BACKSPACES = ['\u0008', '\u007f']

/**
 * The first line of the input, without its end. Reads no further than it must. Raises INVALID_ARGUMENT when
 * it is empty, longer than a password may be, or not UTF-8.
 */
export async function readPasswordLine(stdin: CliInput): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Leaving the loop destroys the stream: nothing else is read, and nothing keeps the process alive.
  for await (const chunk of stdin) {
    const buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    const end = buffer.indexOf(LINE_FEED)
    const part = end === -1 ? buffer : buffer.subarray(0, end)
    chunks.push(part)
    bytes += part.length
    if (end !== -1 || bytes > LINE_BYTES_MAX) break
  }
  if (bytes > LINE_BYTES_MAX) throw tooLong()
  let line = Buffer.concat(chunks)
  if (line.at(-1) === CARRIAGE_RETURN) line = line.subarray(0, -1)
  if (line.length > PASSWORD_BYTES_MAX) throw tooLong()
  if (line.length === 0) throw passwordProblem('No password came on standard input.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line)
  } catch {
    throw passwordProblem('The password on standard input is not UTF-8.')
  }
}

/**
 * Asks for a new password twice, without echo. Raises INVALID_ARGUMENT when the input is no terminal or the
 * two differ, CANCELLED when the person gives up.
 */
export async function promptPassword({ stdin, stderr }: CliIo): Promise<string> {
  if (!stdin.isTTY || !stdin.setRawMode) {
    throw passwordProblem(
      'No terminal to ask for the password: pipe it in and add --password-stdin.',
    )
  }
  stdin.setRawMode(true)
  const keys = readKeys(stdin)
  try {
    stderr.write('Password: ')
    const password = await readHidden(keys)
    stderr.write('\nPassword again: ')
    const again = await readHidden(keys)
    stderr.write('\n')
    if (password !== again) throw passwordProblem('The two passwords differ.')
    if (password === '') throw passwordProblem('The password is empty.')
    return password
  } finally {
    stdin.setRawMode(false)
    await keys.return(undefined)
    stdin.pause()
  }
}

/** The characters of the terminal one by one, also when several come at once. */
async function* readKeys(stdin: CliInput): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder()
  for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
    yield* typeof chunk === 'string' ? chunk : decoder.decode(chunk as Buffer, { stream: true })
  }
  return undefined
}

async function readHidden(keys: AsyncGenerator<string, undefined>): Promise<string> {
  const characters: string[] = []
  for (;;) {
    const next = await keys.next()
    if (next.done || next.value === CTRL_C || next.value === CTRL_D) {
      throw new AppError('CANCELLED', 'cancelled', 'No password was given.')
    }
    const key = next.value
    if (key === '\r' || key === '\n') return characters.join('')
    if (BACKSPACES.includes(key)) characters.pop()
    else characters.push(key)
    if (Buffer.byteLength(characters.join('')) > PASSWORD_BYTES_MAX) throw tooLong()
  }
}

function tooLong(): AppError {
  return passwordProblem(`A password has at most ${PASSWORD_BYTES_MAX} bytes.`)
}

function passwordProblem(message: string): AppError {
  return invalidArgument(message, [{ path: 'password', message }])
}

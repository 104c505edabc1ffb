import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { type RawData, WebSocket } from 'ws'
import { parseJson } from './json-member.js'

const HANDSHAKE_TIMEOUT_MS = 10_000
/** How long the last replies may be apart once the input has ended. */
const REPLY_QUIET_MS = 1_000
const CLOSE_TIMEOUT_MS = 1_000
const NORMAL_CLOSE_CODE = 1000
const REFUSAL_BYTES_MAX = 4_096

export interface SocketClientOptions {
  /** `ws://` or `wss://`. */
  readonly url: string
  /** Read line by line. */
  readonly input: Readable
  /** Gets the replies, one per line. */
  readonly output: Writable
  /** Gets what is wrong, one line each. */
  readonly errorOutput: Writable
  /** Ends the client as the end of the input does, but without waiting for replies. */
  readonly signal: AbortSignal
  /** Stays after the end of the input, until the server closes or the signal is aborted. */
  readonly stay?: boolean
}

/**
 * The terminal client: sends each line of the input as a text frame and prints each reply. At the end of
 * the input it waits until as many replies have come as lines were sent, or none has for a second; then
 * it closes with 1000 and waits at most a second for the peer. Resolves with the exit code: 0, or 1 when
 * the server refused, could not be reached or closed with another code than 1000. Never rejects.
 */
export async function runSocketClient(options: SocketClientOptions): Promise<number> {
  const { errorOutput, input, output, signal, url } = options
  const stop = new AbortController()
  const end = (): void => stop.abort()
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  // These two stay: a reader that went away may fail the writes of replies until the very end.
  output.on('error', end)
  input.on('error', end)
  try {
    return await run(options, stop)
  } catch (error) {
    errorOutput.write(`${url}: ${textOf(error)}\n`)
    return 1
  } finally {
    signal.removeEventListener('abort', end)
  }
}

async function run(options: SocketClientOptions, stop: AbortController): Promise<number> {
  if (stop.signal.aborted) return 0
  const socket = new WebSocket(options.url, {
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  })
  // Ending during the handshake is an error to ws and none here.
  const abandon = (): void => socket.terminate()
  stop.signal.addEventListener('abort', abandon)
  const failure = await opening(socket)
  stop.signal.removeEventListener('abort', abandon)
  if (stop.signal.aborted) return 0
  if (failure === null) return converse(socket, options, stop)
  options.errorOutput.write(`${options.url}: ${failure}\n`)
  return 1
}

/**
 * Null when the connection is open, else what was in the way. An open connection is paused, so that what
 * the server says first is not lost before anyone listens.
 */
function opening(socket: WebSocket): Promise<string | null> {
  return new Promise((resolve) => {
    socket.once('open', () => {
      socket.pause()
      resolve(null)
    })
    socket.on('error', (error) => resolve(`cannot connect: ${textOf(error)}`))
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      void refusalOf(response).then((refusal) => {
        resolve(refusal)
        socket.terminate()
      })
    })
  })
}

/** The status and, when the body is a problem document, what it says. */
async function refusalOf(response: IncomingMessage): Promise<string> {
  const status = `refused with ${response.statusCode} ${response.statusMessage}`
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > REFUSAL_BYTES_MAX) break
    }
  } catch {
    // The status is known, and a body that breaks off adds nothing to it.
  }
  const problem = parseJson(Buffer.concat(chunks).toString()) as { detail?: unknown } | undefined
  const detail = typeof problem?.detail === 'string' ? problem.detail : null
  return detail === null ? status : `${status}: ${detail.replaceAll(/\s+/g, ' ')}`
}

/** Lines out, replies in, until one side ends. The exit code. */
async function converse(
  socket: WebSocket,
  options: SocketClientOptions,
  stop: AbortController,
): Promise<number> {
  const lines = createInterface({ input: options.input, crlfDelay: Infinity })
  stop.signal.addEventListener('abort', () => lines.close())
  let awaited = 0
  let complaint: string | null = null
  socket.on('message', (data, isBinary) => {
    // A message that nobody asked for must not count for a reply to come.
    awaited = Math.max(0, awaited - 1)
    options.output.write(`${replyText(data, isBinary)}\n`)
  })
  const onClose = (code: number, reason: Buffer): void => {
    const text = `closed by the server: ${code} ${reason.toString()}`.trimEnd()
    complaint = code === NORMAL_CLOSE_CODE ? null : text
    stop.abort()
  }
  socket.once('close', onClose)
  socket.resume()
  await sendLines(socket, lines, stop.signal, () => {
    awaited += 1
  })
  if (options.stay === true) await aborted(stop.signal)
  else while (awaited > 0 && (await nextReply(socket, stop.signal))) continue
  // From here on a close is this side's own, and its code says nothing new.
  socket.removeListener('close', onClose)
  await closing(socket)
  if (complaint === null) return 0
  options.errorOutput.write(`${String(complaint)}\n`)
  return 1
}

async function sendLines(
  socket: WebSocket,
  lines: Interface,
  stop: AbortSignal,
  onSent: () => void,
): Promise<void> {
  for await (const line of lines) {
    if (stop.aborted) return
    onSent()
    // One line at a time goes to the network, so that a large input is not gathered in memory.
    await sent(socket, line, stop)
  }
}

/** Resolves when the line is on its way, or no longer matters. */
function sent(socket: WebSocket, line: string, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop.removeEventListener('abort', done)
      resolve()
    }
    stop.addEventListener('abort', done)
    socket.send(line, done)
  })
}

/** Resolves when the signal is aborted, now or later. */
function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Whether a reply came before the quiet time was over. */
async function nextReply(socket: WebSocket, stop: AbortSignal): Promise<boolean> {
  const quiet = new AbortController()
  const timer = setTimeout(() => quiet.abort(), REPLY_QUIET_MS)
  try {
    await once(socket, 'message', { signal: AbortSignal.any([stop, quiet.signal]) })
    return true
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}

/** Closes with 1000 and waits for the peer, at most a second. */
async function closing(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return
  const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS)
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.close(NORMAL_CLOSE_CODE)
  })
  clearTimeout(timer)
}

function replyText(data: RawData, isBinary: boolean): string {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)
  return isBinary ? `(binary, ${bytes.length} bytes)` : bytes.toString()
}

/** A failed connect to a name with several addresses has a code but no message. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}

/** A WebSocket on raw TCP that costs the load little: text out, text in, nothing else. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface RawLineHandler {
  onOpen(): void
  /** The UTF-8 of one message, from `start` to before `end` of what has arrived. */
  onText(data: Buffer, start: number, end: number): void
  onClose(): void
}

const HEADERS_END = '\r\n\r\n'

export class RawLine {
  readonly #socket: Socket
  readonly #handler: RawLineHandler
  #rest: Buffer | null = null
  #isOpen = false

  constructor(address: string, path: string, handler: RawLineHandler) {
    const [host = '', port = ''] = address.split(':')
    this.#handler = handler
    this.#socket = connect({ host, port: Number(port), noDelay: true })
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}${HEADERS_END}`,
    )
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('error', () => undefined) // The 'close' that follows says the same.
    this.#socket.on('close', () => handler.onClose())
  }

  send(text: string): void {
    const payload = Buffer.from(text)
    const isShort = payload.length <= 125
    const frame = Buffer.alloc((isShort ? 6 : 8) + payload.length)
    frame[0] = 0x81
    frame[1] = 0x80 | (isShort ? payload.length : 126)
    if (!isShort) frame.writeUInt16BE(payload.length, 2)
    // A mask of zeros is a mask: the payload stays as it is.
    payload.copy(frame, isShort ? 6 : 8)
    this.#socket.write(frame)
  }

  /** Gives the connection up, without a farewell. */
  cut(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    let data = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = null
    if (!this.#isOpen) {
      const end = data.indexOf(HEADERS_END)
      if (end === -1) {
        this.#rest = data
        return
      }
      if (!data.toString('latin1', 0, 12).endsWith('101')) {
        this.cut()
        return
      }
      this.#isOpen = true
      this.#handler.onOpen()
      data = data.subarray(end + HEADERS_END.length)
    }
    let at = 0
    for (let next = frameAt(data, at); next !== null; next = frameAt(data, at)) {
      if (next.isText) this.#handler.onText(data, next.start, next.end)
      at = next.end
    }
    if (at < data.length) this.#rest = data.subarray(at)
  }
}

/** Where the payload of a whole frame lies; null when it is not all there. */
function frameAt(
  data: Buffer,
  at: number,
): { readonly isText: boolean; readonly start: number; readonly end: number } | null {
  if (data.length - at < 2) return null
  const short = (data[at + 1] ?? 0) & 0x7f
  const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
  if (data.length < start) return null
  const length =
    short < 126
      ? short
      : short === 126
        ? data.readUInt16BE(at + 2)
        : Number(data.readBigUInt64BE(at + 2))
  if (data.length < start + length) return null
  return { isText: data[at] === 0x81, start, end: start + length }
}

/** FIN and the opcode of a frame that is a whole message (RFC 6455 §5.2). */
const TEXT_FRAME = 0x81
const BINARY_FRAME = 0x82
const SHORT_PAYLOAD_BYTES_MAX = 125
const MEDIUM_PAYLOAD_BYTES_MAX = 65_535
const MEDIUM_LENGTH = 126
const LONG_LENGTH = 127
const SHORT_HEADER_BYTES = 2
const MEDIUM_HEADER_BYTES = 4
const LONG_HEADER_BYTES = 10

/** A text message as one unmasked frame, header and payload in one piece, so that it takes one write. */
export function textFrame(text: string): Buffer {
  const payloadBytes = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(headerBytes(payloadBytes) + payloadBytes)
  frame.write(text, writeHeader(frame, TEXT_FRAME, payloadBytes), 'utf8')
  return frame
}

/** A binary message as one unmasked frame. */
export function binaryFrame(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes(payload.length) + payload.length)
  frame.set(payload, writeHeader(frame, BINARY_FRAME, payload.length))
  return frame
}

function headerBytes(payloadBytes: number): number {
  if (payloadBytes <= SHORT_PAYLOAD_BYTES_MAX) return SHORT_HEADER_BYTES
  return payloadBytes <= MEDIUM_PAYLOAD_BYTES_MAX ? MEDIUM_HEADER_BYTES : LONG_HEADER_BYTES
}

/** Writes the header and answers where the payload begins. */
function writeHeader(frame: Buffer, opcode: number, payloadBytes: number): number {
  frame[0] = opcode
  if (payloadBytes <= SHORT_PAYLOAD_BYTES_MAX) {
    frame[1] = payloadBytes
    return SHORT_HEADER_BYTES
  }
  if (payloadBytes <= MEDIUM_PAYLOAD_BYTES_MAX) {
    frame[1] = MEDIUM_LENGTH
    frame.writeUInt16BE(payloadBytes, 2)
    return MEDIUM_HEADER_BYTES
  }
  frame[1] = LONG_LENGTH
  frame.writeBigUInt64BE(BigInt(payloadBytes), 2)
  return LONG_HEADER_BYTES
}

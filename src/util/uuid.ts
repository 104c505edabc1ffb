import { randomBytes } from 'node:crypto'

const TIMESTAMP_BYTES = 6

/**
 * A version 7 UUID (RFC 9562 §5.7): 48 bits of the time in milliseconds, then 74 random bits, so that new
 * rows land side by side in an index. Two of one millisecond are in no particular order.
 */
export function uuidV7(nowMs: number): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(nowMs, 0, TIMESTAMP_BYTES)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

/** A control frame carries 125 bytes, two of them the code (RFC 6455 §5.5). */
const CLOSE_REASON_BYTES_MAX = 123

/** The reason as it may stand in a close frame: at most 123 bytes of UTF-8, cut between characters. */
export function closeReason(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= CLOSE_REASON_BYTES_MAX) return text
  let end = CLOSE_REASON_BYTES_MAX
  // A continuation byte (10xxxxxx) at the cut means that the character before it would be halved.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}

import type { Timestamp } from '../generated/google/protobuf/Timestamp.js'

const MS_PER_SECOND = 1_000
const NANOS_PER_MS = 1_000_000

/** An instant in milliseconds since the epoch as google.protobuf.Timestamp. */
export function toTimestamp(ms: number): Timestamp {
  const seconds = Math.floor(ms / MS_PER_SECOND)
  return { seconds, nanos: Math.round((ms - seconds * MS_PER_SECOND) * NANOS_PER_MS) }
}

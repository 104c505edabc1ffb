/** Instants on the clock of `performance.now()`. */
export interface ReplicaFreshness {
  /** All that was committed on the primary until then is on the replica. */
  readonly caughtUpTo: number
  /** The last write that the read must see; -Infinity when there is none. */
  readonly writtenAt: number
  /** The instant for which the read asks: now, or when the primary was last heard of. */
  readonly asOf: number
  /** How much older than that the answer may be, in milliseconds. */
  readonly staleMsMax: number
}

/**
 * Whether a replica may answer a read: it has the write that the reader knows of, and of the writes that the
 * reader cannot know of none is missing that is older than the bound.
 */
export function isReplicaFresh(read: ReplicaFreshness): boolean {
  return read.caughtUpTo >= read.writtenAt && read.caughtUpTo >= read.asOf - read.staleMsMax
}

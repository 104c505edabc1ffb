/** Where everything of one channel lies: in one slot of a Cluster, that of its partition. */
export interface ChannelKeys {
  /** Hash tag of the channel's partition; empty without a Cluster. */
  tagOf(channel: string): string
  /** Hash: epoch and top. It outlives the stream. */
  meta(channel: string): string
  /** Stream of the publications; the id of an entry is its offset. */
  stream(channel: string): string
  /** What is left of an idempotency key. */
  idempotency(channel: string, key: string): string
  /** Channel of the server on which the publications go out. */
  topic(channel: string): string
  /** Hash: entry by id of the connection. */
  presence(channel: string): string
  /** Hash: number of connections by user. */
  presenceUsers(channel: string): string
  /** Ordered set: owners of entries by the end of their leases. */
  readonly presenceLeases: string
  /** Hash: until when an owner that died is claimed by one who sweeps it. */
  readonly presenceClaims: string
  /** Set: entries of one owner in one partition. */
  presenceOf(tag: string, owner: string): string
  /** What `presence` and `presenceUsers` append the channel to, and `presenceOf` the owner, in one partition. */
  presenceBases(tag: string): {
    readonly entries: string
    readonly users: string
    readonly owners: string
  }
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * `prefix` must not contain braces. The partition comes from FNV-1a over the UTF-16 units of the channel: every
 * process must find the same one.
 */
export function createChannelKeys(prefix: string, tags: readonly string[]): ChannelKeys {
  function tagOf(channel: string): string {
    if (tags.length === 1) return tags[0] ?? ''
    let hash = FNV_OFFSET
    for (let index = 0; index < channel.length; index += 1) {
      hash = Math.imul(hash ^ channel.charCodeAt(index), FNV_PRIME)
    }
    return tags[(hash >>> 0) % tags.length] ?? ''
  }
  const baseOf = (tag: string): string => (tag === '' ? prefix : `${prefix}{${tag}}`)
  const name = (kind: string, channel: string): string =>
    `${baseOf(tagOf(channel))}${kind}:${channel}`

  return {
    tagOf,
    meta: (channel) => name('meta', channel),
    stream: (channel) => name('stream', channel),
    // The length keeps two pairs apart whose texts run together.
    idempotency: (channel, key) => `${name(`key:${channel.length}`, channel)}:${key}`,
    topic: (channel) => name('channel', channel),
    presence: (channel) => name('presence', channel),
    presenceUsers: (channel) => name('presence-users', channel),
    // The tag makes a slot of its own for the two.
    presenceLeases: `${prefix}{presence}:leases`,
    presenceClaims: `${prefix}{presence}:claims`,
    presenceOf: (tag, owner) => `${baseOf(tag)}presence-of:${owner}`,
    presenceBases: (tag) => ({
      entries: `${baseOf(tag)}presence:`,
      users: `${baseOf(tag)}presence-users:`,
      owners: `${baseOf(tag)}presence-of:`,
    }),
  }
}

import { AppError } from '../errors/app-error.js'

/** The longest name of a channel, in bytes. */
export const CHANNEL_BYTES_MAX = 255
/** The namespace of personal channels: `user:<id>` belongs to that user. */
export const PERSONAL_NAMESPACE = 'user'

const CHANNEL_PATTERN = /^([a-z][a-z0-9_-]{0,63}):([\x21-\x7e]+)$/
const OWNER_MARK = '#'
const OWNER_SEPARATOR = ','
const SHOWN_CHARS_MAX = 64

/** A channel taken apart. */
export interface ChannelName {
  /** The whole name, `namespace:name`. */
  readonly channel: string
  readonly namespace: string
  /** Ids of the users it belongs to; null when it is not limited to any. */
  readonly owners: readonly string[] | null
}

/**
 * Reads `namespace:name`: a namespace of lower-case letters, digits, `-` and `_`, then visible ASCII, 255 bytes in
 * all. What follows the last `#` are the ids of its owners, separated by commas (`dialog:7#ann,bob`); the owner of
 * `user:<id>` is that user. Raises INVALID_ARGUMENT with reason `channel_invalid`.
 */
export function parseChannel(channel: string): ChannelName {
  const match = channel.length <= CHANNEL_BYTES_MAX ? CHANNEL_PATTERN.exec(channel) : null
  const [, namespace, name] = match ?? []
  if (namespace === undefined || name === undefined) throw invalidChannel(channel)
  if (namespace === PERSONAL_NAMESPACE) return { channel, namespace, owners: [name] }
  const mark = name.lastIndexOf(OWNER_MARK)
  if (mark === -1) return { channel, namespace, owners: null }
  const owners = name.slice(mark + 1).split(OWNER_SEPARATOR)
  if (mark === 0 || owners.includes('')) throw invalidChannel(channel)
  return { channel, namespace, owners }
}

/** The channel on which a user hears what is for this user alone. */
export function personalChannel(userId: string): string {
  return `${PERSONAL_NAMESPACE}:${userId}`
}

/** A channel as a message may quote it: cut, and with nothing that a terminal would obey. */
export function showChannel(channel: string): string {
  const cut = channel.length <= SHOWN_CHARS_MAX ? channel : `${channel.slice(0, SHOWN_CHARS_MAX)}…`
  return JSON.stringify(cut)
}

function invalidChannel(channel: string): AppError {
  const message =
    `${showChannel(channel)} is not a channel: expected namespace:name, ` +
    `at most ${CHANNEL_BYTES_MAX} visible ASCII characters.`
  return new AppError('INVALID_ARGUMENT', 'channel_invalid', message)
}

import type { ClientInfo, Publication } from '../domain/channel-broker.js'
import type { Delivery } from './namespace.js'

/** Something that happened on a channel. */
export type ChannelEvent =
  | { readonly kind: 'publication'; readonly publication: Publication }
  | { readonly kind: 'join' | 'leave'; readonly info: ClientInfo }

/** How a transport writes a batch. Its identity is the key under which the bytes are kept. */
export interface BatchEncoder {
  /** The bytes as they go to the network, the same for every connection. */
  encode(batch: Batch): Uint8Array
}

/** Events of one channel that go out together: encoded once, whatever the number of connections. */
export class Batch {
  readonly channel: string
  readonly events: readonly ChannelEvent[]
  readonly delivery: Delivery
  #encoder: BatchEncoder | null = null
  #bytes: Uint8Array | null = null
  #others: Map<BatchEncoder, Uint8Array> | null = null

  constructor(channel: string, events: readonly ChannelEvent[], delivery: Delivery) {
    this.channel = channel
    this.events = events
    this.delivery = delivery
  }

  /** The bytes for a transport, made at the first call. */
  bytesFor(encoder: BatchEncoder): Uint8Array {
    if (encoder === this.#encoder && this.#bytes !== null) return this.#bytes
    const known = this.#others?.get(encoder)
    if (known) return known
    const bytes = encoder.encode(this)
    if (this.#encoder === null) {
      this.#encoder = encoder
      this.#bytes = bytes
    } else {
      this.#others ??= new Map()
      this.#others.set(encoder, bytes)
    }
    return bytes
  }
}

import type { Batch } from '../../../realtime/batch.js'
import type { DeliveryOutcome, Subscriber } from '../../../realtime/channels.js'
import type { Channel } from '../../../realtime/namespace.js'

/** Whoever has subscriptions: one connection. */
export interface SubscriptionOwner {
  deliver(batch: Batch): DeliveryOutcome
  lose(subscription: Subscription): void
}

/** One connection on one channel. There may be very many: it holds what differs and nothing else. */
export class Subscription implements Subscriber {
  readonly channel: Channel
  readonly isServerSide: boolean
  readonly isPositioned: boolean
  readonly wantsJoinLeave: boolean
  /** JSON text about the user that others on the channel see. */
  readonly info: string | null
  /** When its token expires, in milliseconds since the epoch; Infinity when it needs none. */
  expiresAt: number
  readonly #owner: SubscriptionOwner

  constructor(
    owner: SubscriptionOwner,
    channel: Channel,
    options: {
      isServerSide: boolean
      isPositioned: boolean
      wantsJoinLeave: boolean
      info: string | null
      expiresAt: number
    },
  ) {
    this.#owner = owner
    this.channel = channel
    this.isServerSide = options.isServerSide
    this.isPositioned = options.isPositioned
    this.wantsJoinLeave = options.wantsJoinLeave
    this.info = options.info
    this.expiresAt = options.expiresAt
  }

  deliver(batch: Batch): DeliveryOutcome {
    return this.#owner.deliver(batch)
  }

  lose(): void {
    this.#owner.lose(this)
  }
}

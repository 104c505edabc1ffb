import type { ClientInfo, StreamPosition } from '../../../domain/channel-broker.js'
import { AppError, unauthenticated } from '../../../errors/app-error.js'
import type { Attachment } from '../../../realtime/channels.js'
import { type Channel, checkSubscribe, hasHistory } from '../../../realtime/namespace.js'
import type { CentrifugeDeps, CentrifugeOptions, ClientIdentity } from './centrifuge-deps.js'
import { REPLY_ERRORS, ReplyFailure } from './code.js'
import { flagOf, type Params, positionOf, textOf, countOf } from './command.js'
import type { SubscribeResult } from './reply.js'
import { Subscription, type SubscriptionOwner } from './subscription.js'

/** The client would rather fail than start with a hole. */
const REJECT_UNRECOVERED_FLAG = 2
const SECOND_MS = 1_000

/** A client, as far as its subscriptions need it. */
export interface SubscribingClient extends SubscriptionOwner {
  readonly id: string
  readonly identity: ClientIdentity
}

/** What a client may do by its token on a channel. */
interface Access {
  readonly expiresAt: number
  readonly info: string | null
}

const OPEN_ACCESS: Access = { expiresAt: Infinity, info: null }

/** The subscriptions of one connection. */
export class SubscriptionSet {
  readonly #deps: CentrifugeDeps
  readonly #options: CentrifugeOptions
  readonly #client: SubscribingClient
  readonly #byChannel = new Map<string, Subscription>()
  #mayExpire = false

  constructor(deps: CentrifugeDeps, options: CentrifugeOptions, client: SubscribingClient) {
    this.#deps = deps
    this.#options = options
    this.#client = client
  }

  has(channel: string): boolean {
    return this.#byChannel.has(channel)
  }

  get(channel: string): Subscription | null {
    return this.#byChannel.get(channel) ?? null
  }

  /**
   * Subscribes as a client asks for it; `confirm` is called in the moment from which on everything is delivered, and
   * not at all when the connection ends before. Raises what the reply is to say.
   */
  async subscribe(params: Params, confirm: (result: SubscribeResult) => void): Promise<void> {
    const channel = this.#deps.namespaces.find(textOf(params, 'channel'))
    this.#assertRoom(channel)
    const access = await this.#authorize(channel, textOf(params, 'token'))
    this.#assertRoom(channel)
    const { rules } = channel
    const recover = flagOf(params, 'recover')
    const mustRecover = recover && (countOf(params, 'flag') & REJECT_UNRECOVERED_FLAG) !== 0
    const position = positionOf(params)
    const subscription = new Subscription(this.#client, channel, {
      isServerSide: false,
      isPositioned:
        hasHistory(rules) &&
        (rules.recovery || flagOf(params, 'positioned') || flagOf(params, 'recoverable')),
      wantsJoinLeave: rules.joinLeave && flagOf(params, 'join_leave'),
      ...access,
    })
    const since = recover && rules.recovery ? position : null
    await this.#enter(subscription, since, (attachment) => {
      if (mustRecover && !attachment.recovered) {
        this.remove(channel.name.channel)
        throw new ReplyFailure(REPLY_ERRORS.unrecoverablePosition)
      }
      confirm(this.#resultOf(subscription, attachment, since))
    })
  }

  /** Subscribes as the server wants it. Nothing happens when the client is subscribed already. */
  async subscribeByServer(
    name: string,
    since: StreamPosition | null,
    confirm: (result: SubscribeResult) => void,
  ): Promise<void> {
    const channel = this.#deps.namespaces.find(name)
    if (this.has(name)) return
    const { rules } = channel
    const subscription = new Subscription(this.#client, channel, {
      isServerSide: true,
      isPositioned: hasHistory(rules) && rules.recovery,
      wantsJoinLeave: false,
      ...OPEN_ACCESS,
    })
    const from = rules.recovery ? since : null
    await this.#enter(subscription, from, (attachment) =>
      confirm(this.#resultOf(subscription, attachment, from)),
    )
  }

  /** Lengthens a subscription by a new token. The seconds until it expires. Raises what the reply is to say. */
  async refresh(params: Params): Promise<number> {
    const subscription = this.get(textOf(params, 'channel'))
    if (!subscription) throw new ReplyFailure(REPLY_ERRORS.permissionDenied)
    const { expiresAt } = await this.#verifyToken(subscription.channel, textOf(params, 'token'))
    subscription.expiresAt = expiresAt
    this.#mayExpire = true
    return this.#ttlSeconds(expiresAt) ?? 0
  }

  /** Ends a subscription; null when there was none. */
  remove(channel: string): Subscription | null {
    const subscription = this.#byChannel.get(channel)
    if (!subscription) return null
    this.#byChannel.delete(channel)
    this.#deps.channels.unsubscribe(channel, subscription)
    this.#deps.presenceKeeper.leave(subscription.channel, this.#client.id)
    return subscription
  }

  removeAll(): void {
    for (const channel of [...this.#byChannel.keys()]) this.remove(channel)
  }

  /** Ends those whose token was not renewed in time, and answers with them. */
  removeExpired(now: number): Subscription[] {
    if (!this.#mayExpire) return []
    const limit = now - this.#options.tokenGraceMs
    const expired = [...this.#byChannel.values()].filter(({ expiresAt }) => expiresAt <= limit)
    for (const { channel } of expired) this.remove(channel.name.channel)
    return expired
  }

  /** The client as others on the channel see it. */
  infoFor(channel: string): ClientInfo {
    return {
      connectionId: this.#client.id,
      userId: this.#client.identity.userId,
      connectionInfo: null,
      channelInfo: this.#byChannel.get(channel)?.info ?? null,
    }
  }

  async #enter(
    subscription: Subscription,
    since: StreamPosition | null,
    confirm: (attachment: Attachment) => void,
  ): Promise<void> {
    const { channel } = subscription
    const name = channel.name.channel
    const { channels, presenceKeeper } = this.#deps
    this.#byChannel.set(name, subscription)
    if (subscription.expiresAt !== Infinity) this.#mayExpire = true
    try {
      await presenceKeeper.enter(channel, this.infoFor(name))
      // The connection may be gone by now, and what belonged to it was given back.
      if (this.#byChannel.get(name) !== subscription) return
      await channels.subscribe(channel, subscription, since, confirm)
    } catch (error) {
      if (this.#byChannel.get(name) === subscription) this.remove(name)
      throw error
    }
  }

  #assertRoom({ name }: Channel): void {
    if (this.has(name.channel)) throw new ReplyFailure(REPLY_ERRORS.alreadySubscribed)
    if (this.#byChannel.size < this.#options.subscriptionsPerConnectionMax) return
    throw new ReplyFailure(REPLY_ERRORS.limitExceeded)
  }

  async #authorize(channel: Channel, token: string): Promise<Access> {
    const { identity } = this.#client
    const isForToken = token !== '' && channel.rules.subscribe.includes('token')
    const access = isForToken ? await this.#verifyToken(channel, token) : OPEN_ACCESS
    checkSubscribe(channel, identity, isForToken)
    return access
  }

  /** Raises UNAUTHENTICATED (`token_…`) and PERMISSION_DENIED (`subscription_token_foreign`). */
  async #verifyToken(channel: Channel, token: string): Promise<Access> {
    if (token === '') throw unauthenticated('token_malformed', 'The token is malformed.')
    const { userId, sessionId } = this.#client.identity
    const claims = await this.#deps.subscriptionTokens.verify(token)
    const isOwn =
      claims.channel === channel.name.channel &&
      claims.userId === userId &&
      (claims.sessionId === null || claims.sessionId === sessionId)
    if (isOwn) return { expiresAt: claims.expiresAt, info: claims.info }
    const message = 'The subscription token is for another channel, user or session.'
    throw new AppError('PERMISSION_DENIED', 'subscription_token_foreign', message)
  }

  #resultOf(
    subscription: Subscription,
    { position, recovered, publications }: Attachment,
    since: StreamPosition | null,
  ): SubscribeResult {
    const isPositioned = subscription.isPositioned && position !== null
    // With publications to come the position is the one before them: each of them moves it.
    const isBefore = recovered && publications.length > 0 && since !== null && position !== null
    return {
      position: isPositioned
        ? isBefore
          ? { offset: since.offset, epoch: position.epoch }
          : position
        : null,
      isRecoverable: isPositioned && subscription.channel.rules.recovery,
      isPositioned,
      wasRecovering: since !== null,
      recovered,
      publications,
      ttlSeconds: this.#ttlSeconds(subscription.expiresAt),
    }
  }

  #ttlSeconds(expiresAt: number): number | null {
    if (expiresAt === Infinity) return null
    return Math.max(1, Math.floor((expiresAt - this.#deps.clock.now()) / SECOND_MS))
  }
}

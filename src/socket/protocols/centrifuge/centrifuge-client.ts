import { setImmediate as turn } from 'node:timers/promises'
import type { EndedSession } from '../../../domain/session.js'
import { sessionOver } from '../../../domain/session.js'
import { toAppError, unauthenticated } from '../../../errors/app-error.js'
import type { Batch, BatchEncoder } from '../../../realtime/batch.js'
import type { DeliveryOutcome } from '../../../realtime/channels.js'
import { personalChannel, PERSONAL_NAMESPACE } from '../../../realtime/channel-name.js'
import type { RealtimeClient } from '../../../realtime/client-registry.js'
import type { ClientLine, CloseFrame } from '../../client-line.js'
import { isRecord } from '../../json-member.js'
import {
  ANONYMOUS,
  type CentrifugeDeps,
  type CentrifugeOptions,
  type ClientIdentity,
  identityOf,
} from './centrifuge-deps.js'
import { CHANNEL_COMMANDS, type CommandContext } from './channel-commands.js'
import { DISCONNECTS, REPLY_ERRORS, replyErrorOf, ReplyFailure, UNSUBSCRIBES } from './code.js'
import { type Command, type Params, parseCommands, positionOf, textOf } from './command.js'
import { connectionQuota } from './connection-quota.js'
import { KeyedWork } from './keyed-work.js'
import {
  connectJson,
  errorReplyOf,
  messagePush,
  replyOf,
  subscribeJson,
  subscribePush,
  type SubscribeResult,
  unsubscribePush,
} from './reply.js'
import { SubscriptionSet } from './subscription-set.js'
import type { Subscription } from './subscription.js'

/** Commands of one connection that may wait for something at once. With the largest frame they bound the memory. */
const COMMANDS_MAX = 1_024
const ROTATION_SHARE_MIN = 0.8
const SECOND_MS = 1_000
const VERSION = 'gatehouse'

/** What a transport knows of a connection before its first command. */
export interface ClientOrigin {
  /** The access token that came as a cookie; null when there is none that may be used. */
  readonly credential: string | null
  /** How batches are written on the line. */
  readonly encoder: BatchEncoder
  /** The secret name for clients that send by separate requests; null for others. */
  readonly session: string | null
}

type State = 'new' | 'connecting' | 'connected' | 'closed'

/**
 * One client of the Centrifuge client protocol, version 2 (https://centrifugal.dev/docs/transports/client_protocol),
 * over any line. It belongs to the session of its token and ends with it. It owns no timer: `tick` is called by whoever
 * holds its line.
 */
export class CentrifugeClient implements RealtimeClient {
  readonly #deps: CentrifugeDeps
  readonly #options: CentrifugeOptions
  readonly #origin: ClientOrigin
  readonly #line: ClientLine
  readonly #subscriptions: SubscriptionSet
  readonly #openedAtMs: number
  #state: State = 'new'
  #identity: ClientIdentity = ANONYMOUS
  #pingedAtMs: number
  #moveAtMs = Infinity
  #detach: (() => void) | null = null
  /** Commands that came before the connection was accepted. */
  #early: Command[] | null = null
  /** Batches that came before the reply that announces them. */
  #held: Batch[] | null = null
  #work: KeyedWork | null = null

  constructor(
    deps: CentrifugeDeps,
    options: CentrifugeOptions,
    line: ClientLine,
    origin: ClientOrigin,
  ) {
    this.#deps = deps
    this.#options = options
    this.#line = line
    this.#origin = origin
    this.#subscriptions = new SubscriptionSet(deps, options, this)
    this.#openedAtMs = performance.now()
    this.#pingedAtMs = this.#openedAtMs
  }

  get id(): string {
    return this.#line.id
  }

  get userId(): string {
    return this.#identity.userId
  }

  get sessionId(): string | null {
    return this.#identity.sessionId
  }

  get identity(): ClientIdentity {
    return this.#identity
  }

  /** Commands have arrived, as the text of one frame. Raises INVALID_ARGUMENT for what is none of the protocol. */
  receive(text: string): void {
    for (const command of parseCommands(text)) {
      if (this.#state === 'closed' || !this.#line.isOpen()) return
      this.#accept(command)
    }
  }

  tick(nowMs: number): void {
    if (this.#state !== 'connected') {
      if (nowMs - this.#openedAtMs >= this.#options.registrationTimeoutMs) {
        this.#close(DISCONNECTS.stale)
      }
      return
    }
    if (!this.#watchLife(nowMs)) return
    const now = this.#deps.clock.now()
    if (now >= this.#identity.expiresAt + this.#options.tokenGraceMs) {
      this.#close(DISCONNECTS.expired)
      return
    }
    for (const { channel } of this.#subscriptions.removeExpired(now)) {
      this.#line.send(unsubscribePush(channel.name.channel, UNSUBSCRIBES.expired))
    }
    if (nowMs >= this.#moveAtMs) this.#close(DISCONNECTS.moved)
  }

  /** The line is closed, or about to be: gives back everything. Safe to call twice. */
  release(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#early = null
    this.#held = null
    this.#detach?.()
    this.#detach = null
    this.#subscriptions.removeAll()
    this.#deps.clients.remove(this)
    connectionQuota(this.#deps, this.#options).leave(this.id, this.#identity.userId)
  }

  deliver(batch: Batch): DeliveryOutcome {
    if (this.#held !== null) {
      this.#held.push(batch)
      return 'queued'
    }
    return this.#line.sendPrepared(batch.bytesFor(this.#origin.encoder), batch)
  }

  lose(subscription: Subscription): void {
    const { channel } = subscription.channel.name
    if (subscription.isServerSide) {
      this.#close(DISCONNECTS.insufficientState)
      return
    }
    this.#subscriptions.remove(channel)
    this.#line.send(unsubscribePush(channel, UNSUBSCRIBES.insufficientState))
  }

  subscribe(channel: string): void {
    this.#keyedWork().run(channel, async () => {
      try {
        await this.#subscriptions.subscribeByServer(channel, null, (result) =>
          this.#line.send(subscribePush(channel, result)),
        )
      } catch (error) {
        const fields = { connectionId: this.id, channel, err: error }
        this.#deps.logger.warn(fields, 'cannot subscribe a connection')
      }
    })
  }

  unsubscribe(channel: string): boolean {
    if (this.#subscriptions.remove(channel) === null) return false
    this.#line.send(unsubscribePush(channel, UNSUBSCRIBES.server))
    return true
  }

  disconnect(code: number, reason: string): void {
    this.#close({ code, reason })
  }

  #accept(command: Command): void {
    if (this.#state === 'connected') {
      this.#dispatch(command)
    } else if (this.#state === 'connecting') {
      this.#early ??= []
      if (this.#early.length >= COMMANDS_MAX) this.#close(DISCONNECTS.rateLimited)
      else this.#early.push(command)
    } else if (command.method === 'connect') {
      this.#state = 'connecting'
      void this.#connect(command)
    } else {
      this.#close(DISCONNECTS.badRequest)
    }
  }

  /** Never rejects. */
  async #connect({ id, params }: Command): Promise<void> {
    try {
      const identity = await this.#identify(params)
      if (!this.#line.isOpen()) return
      this.#identity = identity
      const isWithin = await connectionQuota(this.#deps, this.#options).enter(this.id, this.userId)
      if (!this.#line.isOpen()) return
      if (!isWithin) {
        this.#close(DISCONNECTS.connectionLimit)
        return
      }
      this.#held = []
      const subscriptions = await this.#subscribeOwn(params)
      if (!this.#line.isOpen()) return
      this.#beConnected(id, subscriptions)
    } catch (error) {
      this.#refuse(id, error)
    }
  }

  #beConnected(id: number, subscriptions: ReadonlyMap<string, SubscribeResult>): void {
    const { pingIntervalMs, rotationMs } = this.#options
    const { session } = this.#origin
    this.#state = 'connected'
    this.#deps.clients.add(this)
    // Those who came together are not pinged together.
    this.#pingedAtMs = performance.now() - Math.random() * (pingIntervalMs / 2)
    if (rotationMs > 0) {
      const share = ROTATION_SHARE_MIN + Math.random() * (1 - ROTATION_SHARE_MIN)
      this.#moveAtMs = performance.now() + share * rotationMs
    }
    const result = connectJson({
      clientId: this.id,
      version: VERSION,
      ttlSeconds: this.#ttlSeconds(),
      pingSeconds: Math.ceil(pingIntervalMs / SECOND_MS),
      emulation: session === null ? null : { session, processId: this.#deps.processId },
      subscriptions,
    })
    this.#line.send(replyOf(id, 'connect', result))
    const held = this.#held ?? []
    this.#held = null
    for (const batch of held) this.deliver(batch)
    const early = this.#early ?? []
    this.#early = null
    for (const command of early) if (this.#line.isOpen()) this.#dispatch(command)
  }

  /** The client may try again where an error says so; everything else ends the connection. */
  #refuse(id: number, thrown: unknown): void {
    if (!this.#line.isOpen()) return
    const error = toAppError(thrown)
    const mayRetry =
      thrown instanceof ReplyFailure ||
      error.reason === 'token_expired' ||
      error.code === 'UNAVAILABLE'
    if (!mayRetry) {
      this.#line.fail(error)
      return
    }
    this.#leaveSession()
    this.#held = null
    this.#early = null
    this.#state = 'new'
    this.#line.send(errorReplyOf(id, replyErrorOf(thrown)))
  }

  #leaveSession(): void {
    this.#detach?.()
    this.#detach = null
    this.#subscriptions.removeAll()
  }

  /** Who it is, with the handle of the session in place. */
  async #identify(params: Params): Promise<ClientIdentity> {
    const token = textOf(params, 'token') || this.#origin.credential
    if (token === null) {
      if (this.#options.anonymous) return ANONYMOUS
      throw new ReplyFailure(REPLY_ERRORS.unauthorized)
    }
    const { authentication, sessionHandles } = this.#deps
    const first = await authentication.authenticate(token)
    if (!this.#line.isOpen()) return ANONYMOUS
    this.#detach = sessionHandles.attach(first.sessionId, {
      end: (ended) => this.#endWith(ended),
    })
    // The session may have ended after the check and before the handle was there to hear of it. With the handle in
    // place a second check leaves no such gap.
    const principal = await authentication.authenticate(token)
    return identityOf(principal)
  }

  /** The displaced tab is told why, in words, before it is closed for good. */
  #endWith({ reason }: EndedSession): void {
    const { message } = sessionOver(reason)
    this.#line.send(messagePush({ type: 'session_ended', reason, message }))
    this.#close({ code: DISCONNECTS.sessionEnded.code, reason })
  }

  /** The channels to which the server subscribes every connection of a user. */
  async #subscribeOwn(params: Params): Promise<ReadonlyMap<string, SubscribeResult>> {
    const results = new Map<string, SubscribeResult>()
    const { userId } = this.#identity
    if (userId === '' || !this.#deps.namespaces.has(PERSONAL_NAMESPACE)) return results
    const channel = personalChannel(userId)
    const wanted = isRecord(params['subs']) ? params['subs'][channel] : undefined
    const since = isRecord(wanted) && wanted['recover'] === true ? positionOf(wanted) : null
    await this.#subscriptions.subscribeByServer(channel, since, (result) =>
      results.set(channel, result),
    )
    return results
  }

  #dispatch(command: Command): void {
    const { id, method, params } = command
    switch (method) {
      case 'connect':
        this.#close(DISCONNECTS.badRequest)
        return
      case 'ping':
        this.#line.send(replyOf(id, method, '{}'))
        return
      case 'send':
        this.#deps.onMessage?.(JSON.stringify(params['data'] ?? null), this.#identity)
        return
      default: {
        const work = this.#keyedWork()
        if (work.size >= COMMANDS_MAX) {
          this.#line.send(errorReplyOf(id, REPLY_ERRORS.tooManyRequests))
          return
        }
        // Commands about one channel are carried out in order, those about different ones side by side.
        const { channel } = params
        const key = typeof channel === 'string' ? channel : method
        work.run(key, () => this.#execute(command))
      }
    }
  }

  /** Never rejects. */
  async #execute(command: Command): Promise<void> {
    const { id, method } = command
    let isReplied = false
    const reply = (result: string): void => {
      isReplied = true
      this.#line.send(replyOf(id, method, result))
    }
    try {
      if (!this.#line.isOpen()) return
      await this.#carryOut(command, reply)
    } catch (thrown) {
      if (isReplied || !this.#line.isOpen()) return
      const error = replyErrorOf(thrown)
      if (error.code === REPLY_ERRORS.internal.code) {
        const fields = { connectionId: this.id, method, err: thrown }
        this.#deps.logger.error(fields, 'a command failed')
      }
      this.#line.send(errorReplyOf(id, error))
    }
  }

  async #carryOut({ method, params }: Command, reply: (result: string) => void): Promise<void> {
    switch (method) {
      case 'subscribe':
        await this.#subscriptions.subscribe(params, (result) => reply(subscribeJson(result)))
        return
      case 'unsubscribe':
        this.#subscriptions.remove(textOf(params, 'channel'))
        reply('{}')
        return
      case 'sub_refresh': {
        const ttl = await this.#subscriptions.refresh(params)
        reply(JSON.stringify({ expires: true, ttl }))
        return
      }
      case 'refresh':
        await this.#refresh(params)
        reply(JSON.stringify({ version: VERSION, expires: true, ttl: this.#ttlSeconds() }))
        return
      case 'publish':
      case 'presence':
      case 'presence_stats':
      case 'history':
      case 'rpc':
        reply(await CHANNEL_COMMANDS[method](this.#context(), params))
        return
      case 'connect':
      case 'ping':
      case 'send':
        await turn()
    }
  }

  /** Takes a newer token of the same session. One that is refused for good ends the connection. */
  async #refresh(params: Params): Promise<void> {
    try {
      const principal = await this.#deps.authentication.authenticate(textOf(params, 'token'))
      if (principal.sessionId !== this.#identity.sessionId) {
        throw unauthenticated('token_foreign', 'The token is of another session.')
      }
      this.#identity = identityOf(principal)
    } catch (thrown) {
      const { code, reason } = toAppError(thrown)
      if (code === 'UNAUTHENTICATED' && reason !== 'token_expired') this.#line.fail(thrown)
      throw thrown
    }
  }

  /** Pings, and closes a connection whose peer did not answer; false then. */
  #watchLife(nowMs: number): boolean {
    const { pingIntervalMs, pongTimeoutMs } = this.#options
    const isAnswered = this.#line.lastSeenAtMs >= this.#pingedAtMs
    if (!isAnswered && nowMs - this.#pingedAtMs >= pongTimeoutMs) {
      this.#close(DISCONNECTS.noPong)
      return false
    }
    if (nowMs - this.#pingedAtMs >= pingIntervalMs) {
      this.#pingedAtMs = nowMs
      this.#line.send('{}')
    }
    return true
  }

  #context(): CommandContext {
    return {
      deps: this.#deps,
      options: this.#options,
      identity: this.#identity,
      subscriptions: this.#subscriptions,
    }
  }

  #keyedWork(): KeyedWork {
    this.#work ??= new KeyedWork()
    return this.#work
  }

  #ttlSeconds(): number | null {
    const { expiresAt } = this.#identity
    if (expiresAt === Infinity) return null
    return Math.max(1, Math.floor((expiresAt - this.#deps.clock.now()) / SECOND_MS))
  }

  #close({ code, reason }: CloseFrame): void {
    this.#line.close(code, reason)
  }
}

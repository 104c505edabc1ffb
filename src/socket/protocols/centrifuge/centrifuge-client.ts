import { type EndedSession, sessionOver } from '../../../domain/session.js'
import { toAppError } from '../../../errors/app-error.js'
import type { Batch } from '../../../realtime/batch.js'
import type { DeliveryOutcome } from '../../../realtime/channels.js'
import type { RealtimeClient } from '../../../realtime/client-registry.js'
import type { ClientLine, CloseFrame } from '../../client-line.js'
import {
  ANONYMOUS,
  type CentrifugeDeps,
  type CentrifugeOptions,
  type ClientIdentity,
  type ClientOrigin,
} from './centrifuge-deps.js'
import { CHANNEL_COMMANDS, type CommandContext } from './channel-commands.js'
import { DISCONNECTS, REPLY_ERRORS, replyErrorOf, ReplyFailure, UNSUBSCRIBES } from './code.js'
import { type Command, type Params, parseCommands, textOf } from './command.js'
import { type Applicant, identify, renew, subscribePersonal } from './client-admission.js'
import { connectionQuota } from './connection-quota.js'
import { KeyedWork } from './keyed-work.js'
import { LifeWatch } from './life-watch.js'
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
  #state: 'new' | 'connecting' | 'connected' | 'closed' = 'new'
  #identity: ClientIdentity = ANONYMOUS
  readonly #life: LifeWatch
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
    this.#life = new LifeWatch(this.#openedAtMs)
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
          this.#line.sendAnswer(subscribePush(channel, result)),
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
      const identity = await identify(this.#deps, this.#options, this.#applicant(), params)
      if (!this.#line.isOpen()) return
      this.#identity = identity
      const isWithin = await connectionQuota(this.#deps, this.#options).enter(this.id, this.userId)
      if (!this.#line.isOpen()) return
      if (!isWithin) {
        this.#close(DISCONNECTS.connectionLimit)
        return
      }
      this.#held = []
      const subscriptions = await subscribePersonal(
        this.#deps,
        this.#subscriptions,
        this.userId,
        params,
      )
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
    this.#life.begin(performance.now(), this.#options)
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
    this.#line.sendAnswer(replyOf(id, 'connect', result))
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
    this.#line.send(errorReplyOf(id, replyErrorOf(thrown), this.#deps.onReplyError))
  }

  #applicant(): Applicant {
    return {
      line: this.#line,
      credential: this.#origin.credential,
      onAttached: (detach) => {
        this.#detach = detach
      },
      onSessionEnded: (ended) => this.#endWith(ended),
    }
  }

  #leaveSession(): void {
    this.#detach?.()
    this.#detach = null
    this.#subscriptions.removeAll()
  }

  /** The displaced tab is told why, in words, before it is closed for good. */
  #endWith({ reason }: EndedSession): void {
    const { message } = sessionOver(reason)
    this.#line.send(messagePush({ type: 'session_ended', reason, message }))
    this.#close({ code: DISCONNECTS.sessionEnded.code, reason })
  }

  #dispatch(command: Command): void {
    const { id, method, params, data } = command
    switch (method) {
      case 'connect':
        this.#close(DISCONNECTS.badRequest)
        return
      case 'ping':
        this.#line.send(replyOf(id, method, '{}'))
        return
      case 'send':
        this.#deps.onMessage?.(data ?? 'null', this.#identity)
        return
      default: {
        const work = this.#keyedWork()
        if (work.size >= COMMANDS_MAX) {
          this.#line.send(errorReplyOf(id, REPLY_ERRORS.tooManyRequests, this.#deps.onReplyError))
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
      this.#line.sendAnswer(replyOf(id, method, result))
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
      this.#line.send(errorReplyOf(id, error, this.#deps.onReplyError))
    }
  }

  async #carryOut(command: Command, reply: (result: string) => void): Promise<void> {
    const { method, params } = command
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
      default:
        reply((await CHANNEL_COMMANDS[method]?.(this.#context(), command)) ?? '{}')
    }
  }

  /** A token that is refused for good ends the connection. */
  async #refresh(params: Params): Promise<void> {
    try {
      this.#identity = await renew(this.#deps, this.#identity, params)
    } catch (thrown) {
      const { code, reason } = toAppError(thrown)
      if (code === 'UNAUTHENTICATED' && reason !== 'token_expired') this.#line.fail(thrown)
      throw thrown
    }
  }

  /** Pings, and closes a connection whose peer did not answer; false then. */
  #watchLife(nowMs: number): boolean {
    const found = this.#life.check(nowMs, this.#line.lastSeenAtMs, this.#options)
    if (found === 'ping') this.#line.send('{}')
    if (found === 'dead') this.#close(DISCONNECTS.noPong)
    return found !== 'dead'
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

import { randomUUID } from 'node:crypto'
import type {
  Broker,
  SurveyAnswer,
  SurveyHandlers,
  SurveyKind,
  SurveyRequest,
  SurveyResult,
} from '../../domain/broker.js'
import type { Logger } from '../../domain/logger.js'
import type { GatheredAnswers } from '../open-survey.js'
import { encodeRequest } from '../survey-codec.js'
import { SurveyDesk } from '../survey-desk.js'
import type { BrokerRedis } from './broker-redis.js'
import { toBrokerError } from './broker-error.js'
import { type BusMessage, isBusMessage } from './bus-message.js'
import { createGapWatch, type GapWatch } from './gap-watch.js'
import { createOutbox, openEnvelope, type Outbox } from './outbox.js'
import { createProcessRegistry, type ProcessRegistry } from './process-registry.js'
import { SurveyInbox } from './survey-inbox.js'

/** The name that every process listens to, beside its own id. */
const EVERYBODY = 'all'
/** The questions and answers fail together, wherever their partitions lie. */
const WHOLE = ['']
/** How long a process that leaves waits for the last questions, in milliseconds. */
const ECHO_TIMEOUT_MS = 250

export interface RedisBrokerDeps {
  readonly redis: BrokerRedis
  /** Before the name of every key. */
  readonly keyPrefix: string
  readonly logger: Logger
  /** How often to renew the lease of this process, in milliseconds. */
  readonly heartbeatMs: number
  /** How long a process that is not heard of counts as alive; several heartbeats. */
  readonly leaseMs: number
}

/**
 * The broker over Redis pub/sub: a question goes to the channel that every process listens to, an answer to
 * the channel of the one who asked. Pub/sub forgets what nobody hears, so whenever a subscription is in doubt
 * `onGap` is called: at once, again every 500 ms while it lasts, and once more when it is over.
 */
export function createRedisBroker(deps: RedisBrokerDeps): Broker {
  return new RedisBroker(deps)
}

class RedisBroker implements Broker {
  readonly processId = randomUUID()
  readonly #deps: RedisBrokerDeps
  readonly #desk: SurveyDesk
  readonly #registry: ProcessRegistry
  readonly #outbox: Outbox
  readonly #gaps: GapWatch
  readonly #surveys = new Map<string, SurveyInbox>()
  /** Answers under way that nobody waits for; `close` does. */
  readonly #pending = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined
  /** Called with the message that this process sends to itself to hear out what was sent before. */
  #onEcho: () => void = () => undefined

  constructor(deps: RedisBrokerDeps) {
    this.#deps = deps
    const { redis, keyPrefix, leaseMs } = deps
    const { processId } = this
    this.#desk = new SurveyDesk({ processId, logger: deps.logger })
    const key = `${keyPrefix}processes`
    this.#registry = createProcessRegistry({ redis, key, processId, leaseMs })
    this.#outbox = createOutbox(redis.bus)
    this.#gaps = createGapWatch({
      isSound: () => redis.bus.isSound,
      report: (why) => this.#reportGap(why),
      onOver: () => this.#beat(),
    })
  }

  async start(handlers: SurveyHandlers, onGap: () => void): Promise<void> {
    this.#desk.open(handlers, onGap, this.#isClosing())
    const { redis, heartbeatMs } = this.#deps
    try {
      // Only who listens may be asked: first the subscription, then the lease.
      await redis.bus.listen([EVERYBODY, this.processId], {
        onMessage: (name, text) => this.#receive(name, text),
        onDoubt: () => this.#gaps.enter(WHOLE),
        onRestored: () => this.#gaps.leave(WHOLE),
      })
      await this.#registry.renew()
    } catch (error) {
      this.#desk.reset()
      await redis.bus.close()
      throw toBrokerError(error)
    }
    if (this.#isClosing()) return
    this.#timer = setInterval(() => this.#beat(), heartbeatMs).unref()
    this.#gaps.start()
  }

  async survey<K extends SurveyKind>(
    kind: K,
    request: SurveyRequest<K>,
    timeoutMs: number,
  ): Promise<SurveyResult<K>> {
    const own = this.#desk.askOwn(kind, request, this.#isClosing())
    const surveyId = randomUUID()
    const inbox = new SurveyInbox()
    this.#surveys.set(surveyId, inbox)
    try {
      const [asked] = await Promise.all([
        this.#registry.renewOrRecall(),
        this.#ask(surveyId, kind, request),
      ])
      const others = await this.#gather(inbox, kind, asked, timeoutMs)
      return this.#desk.total(own, asked, others)
    } catch (error) {
      throw toBrokerError(error)
    } finally {
      this.#surveys.delete(surveyId)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave()
    return this.#closing
  }

  #isClosing(): boolean {
    return this.#closing !== undefined
  }

  #ask<K extends SurveyKind>(surveyId: string, kind: K, request: SurveyRequest<K>): Promise<void> {
    const question = { surveyId, from: this.processId, kind, body: encodeRequest(request) }
    return this.#outbox.post(EVERYBODY, JSON.stringify(question))
  }

  async #gather<K extends SurveyKind>(
    inbox: SurveyInbox,
    kind: K,
    asked: readonly string[],
    timeoutMs: number,
  ): Promise<GatheredAnswers<SurveyAnswer<K>>> {
    if (asked.length === 0) return { answers: [], missing: [] }
    const { survey, gathered } = this.#desk.gather(kind, asked, timeoutMs)
    inbox.open(survey)
    if (this.#closing) survey.settle()
    return gathered
  }

  #receive(name: string, text: string): void {
    const messages = openEnvelope(text)
    if (messages === null) {
      this.#deps.logger.warn({ name }, 'message skipped')
      return
    }
    for (const message of messages) {
      if (!isBusMessage(message)) this.#deps.logger.warn({ name }, 'message skipped')
      else if (name === EVERYBODY) this.#answer(message)
      else if (message.from === this.processId) this.#onEcho()
      else this.#surveys.get(message.surveyId)?.receive(message.from, message.body)
    }
  }

  #answer({ surveyId, from, kind, body }: BusMessage): void {
    if (from === this.processId) return
    const said = this.#desk.answer(kind, body, { from })
    const answer = { surveyId, from: this.processId, kind, body: said }
    const sent = this.#outbox
      .post(from, JSON.stringify(answer))
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error }, 'answer not sent')
      })
      .finally(() => this.#pending.delete(sent))
    this.#pending.add(sent)
  }

  #beat(): void {
    this.#registry.renew().catch((error: unknown) => {
      this.#deps.logger.debug({ err: error }, 'the broker could not renew its lease')
    })
  }

  #reportGap(why: string): void {
    if (!this.#isClosing() && this.#desk.isOpen()) this.#desk.reportGap(why)
  }

  /** Waits until what was sent to this process before has arrived; questions are answered on the way. */
  async #hearOut(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const heard = new Promise<void>((resolve) => {
      this.#onEcho = resolve
      timer = setTimeout(resolve, ECHO_TIMEOUT_MS)
    })
    const echo = { surveyId: '', from: this.processId, kind: '', body: '' }
    await this.#outbox.post(this.processId, JSON.stringify(echo))
    await heard
    clearTimeout(timer)
  }

  async #leave(): Promise<void> {
    clearInterval(this.#timer)
    this.#gaps.close()
    if (!this.#desk.isOpen()) return
    try {
      // Once before, so that who has asked for the processes already finds this one among them.
      await this.#hearOut()
      await this.#registry.leave()
      await this.#hearOut()
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the broker could not leave in order')
    }
    for (const inbox of this.#surveys.values()) inbox.settle()
    await Promise.all(this.#pending)
    await this.#deps.redis.bus.close()
  }
}

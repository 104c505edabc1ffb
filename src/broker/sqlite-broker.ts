import { randomUUID } from 'node:crypto'
import type {
  Broker,
  SurveyAnswer,
  SurveyHandlers,
  SurveyKind,
  SurveyRequest,
  SurveyResult,
} from '../domain/broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { BrokerStore, BrokerWatch } from './broker-store.js'
import { createMessageCursor } from './message-cursor.js'
import {
  BATCH_ROWS,
  insertMessage,
  insertReply,
  lastId,
  listReplies,
  type NewReply,
} from './message-table.js'
import type { GatheredAnswers, OpenSurvey } from './open-survey.js'
import { createProcessLease, type ProcessLease } from './process-lease.js'
import { encodeRequest } from './survey-codec.js'
import { SurveyDesk } from './survey-desk.js'

export interface SqliteBrokerDeps {
  readonly store: BrokerStore
  readonly clock: Clock
  readonly logger: Logger
  /** What this process is (`http`, `socket`, …), for whoever looks at the table of processes. */
  readonly processKind: string
  /** How often to ask whether anybody has written. */
  readonly pollIntervalMs: number
  /** How often to renew the lease and to prune. */
  readonly heartbeatMs: number
  /** How long a process that is not heard of counts as alive; several heartbeats. */
  readonly leaseMs: number
  /** How long a message waits for a process that is slow to read it. */
  readonly retentionMs: number
  /** Asks the others without being one of them. */
  readonly isObserver?: boolean
}

/**
 * The broker of several processes on one machine that share one SQLite file: questions and answers are rows,
 * and a cheap look at the file's version, every `pollIntervalMs`, tells when to read.
 */
export function createSqliteBroker(deps: SqliteBrokerDeps): Broker {
  return new SqliteBroker(deps)
}

class SqliteBroker implements Broker {
  readonly processId = randomUUID()
  readonly #deps: SqliteBrokerDeps
  readonly #store: BrokerStore
  readonly #desk: SurveyDesk
  readonly #lease: ProcessLease
  readonly #cursor = createMessageCursor()
  readonly #surveys = new Map<string, OpenSurvey>()
  /** Writes under way that nobody waits for; `close` does. */
  readonly #pending = new Set<Promise<void>>()
  #watch: BrokerWatch | undefined
  #timers: NodeJS.Timeout[] = []
  #closing: Promise<void> | undefined
  /** The version of the file up to which all is read; null when that is not known. */
  #seenVersion: number | null = null
  /** Surveys of this process that are not over, those still to be sent included. */
  #asking = 0
  #lastReplyId = 0
  #canRead = true
  #isBeating = false

  constructor(deps: SqliteBrokerDeps) {
    this.#deps = deps
    this.#store = deps.store
    const { store, clock, logger, leaseMs, retentionMs, isObserver = false } = deps
    this.#desk = new SurveyDesk({ processId: this.processId, logger, isObserver })
    const entry = {
      id: this.processId,
      kind: deps.processKind,
      pid: process.pid,
      startedAt: clock.now(),
    }
    this.#lease = createProcessLease({
      ...{ store, clock, entry, leaseMs, retentionMs, isObserver },
    })
  }

  async start(handlers: SurveyHandlers, onGap: () => void): Promise<void> {
    this.#desk.open(handlers, onGap, this.#isClosing())
    try {
      await this.#join()
    } catch (error) {
      this.#desk.reset()
      this.#closeWatch()
      throw error
    }
    if (this.#closing) return
    const { pollIntervalMs, heartbeatMs } = this.#deps
    this.#timers = [
      setInterval(() => this.#poll(), pollIntervalMs).unref(),
      setInterval(() => this.#startBeat(), heartbeatMs).unref(),
    ]
  }

  async survey<K extends SurveyKind>(
    kind: K,
    request: SurveyRequest<K>,
    timeoutMs: number,
  ): Promise<SurveyResult<K>> {
    const own = this.#desk.askOwn(kind, request, this.#isClosing())
    this.#asking += 1
    try {
      const surveyId = randomUUID()
      const asked = await this.#send(surveyId, kind, request)
      const others = await this.#gather(surveyId, kind, asked, timeoutMs)
      return this.#desk.total(own, asked, others)
    } finally {
      this.#asking -= 1
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave()
    return this.#closing
  }

  #isClosing(): boolean {
    return this.#closing !== undefined
  }

  /** Sends the question to the others that are alive, and answers with their ids. */
  async #send<K extends SurveyKind>(
    surveyId: string,
    kind: K,
    request: SurveyRequest<K>,
  ): Promise<readonly string[]> {
    if (this.#store.read((db) => this.#lease.listOthers(db)).length === 0) return []
    const body = encodeRequest(request)
    return this.#store.write((db) => {
      const others = this.#lease.listOthers(db)
      if (others.length === 0) return []
      // Replies to earlier questions, which nobody waits for any more, need not be read.
      if (this.#asking === 1) this.#lastReplyId = lastId(db, 'broker_replies')
      const message = { sender: this.processId, surveyId, kind, body }
      insertMessage(db, message, this.#deps.clock.now())
      return others
    })
  }

  async #gather<K extends SurveyKind>(
    surveyId: string,
    kind: K,
    asked: readonly string[],
    timeoutMs: number,
  ): Promise<GatheredAnswers<SurveyAnswer<K>>> {
    if (asked.length === 0) return { answers: [], missing: [] }
    const { survey, gathered } = this.#desk.gather(kind, asked, timeoutMs)
    this.#surveys.set(surveyId, survey)
    if (this.#closing) survey.settle()
    try {
      return await gathered
    } finally {
      this.#surveys.delete(surveyId)
    }
  }

  /** Enters this process among the others and begins to read from here on. */
  async #join(): Promise<void> {
    this.#closeWatch()
    this.#watch = this.#store.openWatch()
    this.#seenVersion = null
    await this.#lease.enter((db) => {
      this.#cursor.moveTo(lastId(db, 'broker_messages'))
      this.#lastReplyId = lastId(db, 'broker_replies')
    })
  }

  #poll(): void {
    try {
      if (this.#lease.hasLapsed()) this.#startBeat()
      if (!this.#watch) return
      const version = this.#watch.dataVersion()
      if (version !== this.#seenVersion) {
        // Noted before the reading: what is written meanwhile changes it again.
        this.#seenVersion = version
        this.#readMessages(this.#watch)
        this.#readReplies(this.#watch)
      }
      if (!this.#canRead) {
        this.#canRead = true
        this.#reportGap('the broker can read again')
      }
    } catch (error) {
      this.#seenVersion = null
      if (!this.#canRead) return
      this.#canRead = false
      this.#deps.logger.error({ err: error }, 'the broker cannot read its messages')
      this.#reportGap('the broker cannot read')
    }
  }

  #readMessages(watch: BrokerWatch): void {
    const { messages, gap, more } = watch.read((db) => this.#cursor.next(db))
    // The rest comes with the next poll, so that a long backlog does not hold the thread.
    if (more) this.#seenVersion = null
    const replies: NewReply[] = []
    for (const message of messages) {
      if (message.sender === this.processId || this.#deps.isObserver) continue
      const { id, sender, surveyId, kind, body } = message
      const answer = this.#desk.answer(kind, body, { id, sender })
      replies.push({ recipient: sender, surveyId, body: answer })
    }
    if (replies.length > 0) this.#track(this.#sendReplies(replies))
    if (gap) this.#reportGap('messages were removed before they were read')
  }

  async #sendReplies(replies: readonly NewReply[]): Promise<void> {
    try {
      await this.#store.write((db) => {
        const now = this.#deps.clock.now()
        for (const reply of replies) insertReply(db, reply, this.processId, now)
      })
    } catch (error) {
      this.#deps.logger.warn({ err: error, replies: replies.length }, 'replies not sent')
    }
  }

  #readReplies(watch: BrokerWatch): void {
    while (this.#surveys.size > 0) {
      const replies = watch.read((db) => listReplies(db, this.processId, this.#lastReplyId))
      for (const { id, surveyId, processId, body } of replies) {
        this.#lastReplyId = id
        this.#surveys.get(surveyId)?.receive(processId, body)
      }
      if (replies.length < BATCH_ROWS) return
    }
  }

  #startBeat(): void {
    if (this.#isBeating || this.#closing) return
    this.#isBeating = true
    this.#track(
      this.#beat()
        .catch((error: unknown) => {
          this.#deps.logger.warn({ err: error }, 'the broker could not renew its lease')
        })
        .finally(() => {
          this.#isBeating = false
        }),
    )
  }

  async #beat(): Promise<void> {
    const replaced = await this.#store.reopenIfReplaced()
    if (this.#isClosing()) return
    if (replaced || !this.#watch) {
      await this.#join()
      this.#reportGap('the database file was replaced')
    }
    const { lapsed } = await this.#lease.renew()
    if (lapsed) this.#reportGap('the lease of this process had lapsed')
  }

  #reportGap(why: string): void {
    if (!this.#isClosing()) this.#desk.reportGap(why)
  }

  /** Leaves, then answers what was asked before: nobody has to wait for a process that goes. */
  async #leave(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    if (!this.#desk.isOpen()) return
    try {
      await this.#lease.leave()
      if (this.#watch) {
        this.#readMessages(this.#watch)
        this.#readReplies(this.#watch)
      }
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the broker could not leave in order')
    }
    for (const survey of this.#surveys.values()) survey.settle()
    await Promise.all(this.#pending)
    this.#closeWatch()
  }

  #closeWatch(): void {
    this.#watch?.close()
    this.#watch = undefined
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
  }
}

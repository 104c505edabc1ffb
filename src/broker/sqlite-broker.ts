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
import type { BrokerConnection, BrokerStore, BrokerWatch } from './broker-store.js'
import { createMessageCursor } from './message-cursor.js'
import {
  BATCH_ROWS,
  insertMessage,
  insertReply,
  lastId,
  listMessages,
  listReplies,
  type NewReply,
} from './message-table.js'
import type { GatheredAnswers, OpenSurvey } from './open-survey.js'
import type { LineRider, SqliteLine } from './sqlite-line.js'
import { encodeRequest } from './survey-codec.js'
import { SurveyDesk } from './survey-desk.js'

export interface SqliteBrokerDeps {
  readonly store: BrokerStore
  /** The line of this process on the same store. */
  readonly line: SqliteLine
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The broker of several processes on one machine that share one SQLite file: questions and answers are rows,
 * read when the file's version tells that somebody has written.
 */
export function createSqliteBroker(deps: SqliteBrokerDeps): Broker {
  return new SqliteBroker(deps)
}

class SqliteBroker implements Broker {
  readonly processId: string
  readonly #deps: SqliteBrokerDeps
  readonly #store: BrokerStore
  readonly #desk: SurveyDesk
  readonly #cursor = createMessageCursor('broker_messages', listMessages)
  readonly #surveys = new Map<string, OpenSurvey>()
  /** Writes under way that nobody waits for; `close` does. */
  readonly #pending = new Set<Promise<void>>()
  readonly #rider: LineRider = {
    isAsked: true,
    enter: (db) => this.#enter(db),
    read: (watch) => {
      const hasMore = this.#readMessages(watch)
      this.#readReplies(watch)
      return hasMore
    },
    onGap: (why) => this.#reportGap(why),
  }
  #closing: Promise<void> | undefined
  /** Surveys of this process that are not over, those still to be sent included. */
  #asking = 0
  #lastReplyId = 0

  constructor(deps: SqliteBrokerDeps) {
    this.#deps = deps
    this.#store = deps.store
    this.processId = deps.line.processId
    this.#desk = new SurveyDesk({ processId: this.processId, logger: deps.logger })
  }

  async start(handlers: SurveyHandlers, onGap: () => void): Promise<void> {
    this.#desk.open(handlers, onGap, this.#isClosing())
    try {
      await this.#deps.line.join(this.#rider)
    } catch (error) {
      this.#desk.reset()
      throw error
    }
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
    if (this.#store.read((db) => this.#deps.line.listOthers(db)).length === 0) return []
    const body = encodeRequest(request)
    return this.#store.write((db) => {
      const others = this.#deps.line.listOthers(db)
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

  #enter(db: BrokerConnection): void {
    this.#cursor.moveToEnd(db)
    this.#lastReplyId = lastId(db, 'broker_replies')
  }

  /** True when there may be more. */
  #readMessages(watch: BrokerWatch): boolean {
    const { messages, gap, more } = watch.read((db) => this.#cursor.next(db))
    const replies: NewReply[] = []
    for (const message of messages) {
      if (message.sender === this.processId) continue
      const { id, sender, surveyId, kind, body } = message
      const answer = this.#desk.answer(kind, body, { id, sender })
      replies.push({ recipient: sender, surveyId, body: answer })
    }
    if (replies.length > 0) this.#track(this.#sendReplies(replies))
    if (gap) this.#reportGap('messages were removed before they were read')
    return more
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

  #reportGap(why: string): void {
    if (!this.#isClosing()) this.#desk.reportGap(why)
  }

  /** Leaves, then answers what was asked before: nobody has to wait for a process that goes. */
  async #leave(): Promise<void> {
    if (!this.#desk.isOpen()) return
    await this.#deps.line.leave(this.#rider)
    for (const survey of this.#surveys.values()) survey.settle()
    await Promise.all(this.#pending)
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
  }
}

import type {
  SurveyAnswer,
  SurveyHandlers,
  SurveyKind,
  SurveyRequest,
  SurveyResult,
} from '../domain/broker.js'
import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'
import { type GatheredAnswers, type OpenSurvey, openSurvey } from './open-survey.js'
import { decodeAnswer, encodeAnswer, handleEncoded, parseKind } from './survey-codec.js'

/** What every broker does with questions, answers and gaps, whatever carries them between the processes. */
export class SurveyDesk {
  readonly #processId: string
  readonly #logger: Logger
  readonly #isObserver: boolean
  #handlers: SurveyHandlers | undefined
  #onGap: () => void = () => undefined

  constructor(deps: { processId: string; logger: Logger; isObserver?: boolean }) {
    this.#processId = deps.processId
    this.#logger = deps.logger
    this.#isObserver = deps.isObserver ?? false
  }

  /** Begins to answer. Raises INTERNAL (`broker_started`) the second time, and when `isClosed`. */
  open(handlers: SurveyHandlers, onGap: () => void, isClosed: boolean): void {
    if (this.#handlers || isClosed) {
      throw new AppError('INTERNAL', 'broker_started', 'A broker is started once.')
    }
    this.#handlers = handlers
    this.#onGap = onGap
  }

  /** Takes `open` back, after a start that failed. */
  reset(): void {
    this.#handlers = undefined
  }

  isOpen(): boolean {
    return this.#handlers !== undefined
  }

  /**
   * What this process itself answers; null when its handler failed, or when it only observes. Raises UNAVAILABLE (`broker_closed`)
   * before `open`, and when `isClosed`.
   */
  askOwn<K extends SurveyKind>(
    kind: K,
    request: SurveyRequest<K>,
    isClosed: boolean,
  ): SurveyAnswer<K> | null {
    if (!this.#handlers || isClosed) {
      throw new AppError('UNAVAILABLE', 'broker_closed', 'The line to the processes is closed.')
    }
    if (this.#isObserver) return null
    try {
      return this.#handlers[kind](request)
    } catch (error) {
      this.#logger.error({ err: error, kind }, 'a survey handler failed')
      return null
    }
  }

  /** Opens the wait for the answers of `asked`, of which there is at least one. */
  gather<K extends SurveyKind>(
    kind: K,
    asked: readonly string[],
    timeoutMs: number,
  ): { survey: OpenSurvey; gathered: Promise<GatheredAnswers<SurveyAnswer<K>>> } {
    return openSurvey<SurveyAnswer<K>>({
      asked,
      timeoutMs,
      decode: (body, processId) => {
        const answer = decodeAnswer(kind, body)
        if (answer === null) this.#logger.warn({ kind, processId }, 'no answer to a survey')
        return answer
      },
    })
  }

  /** The result over all processes, this one included unless it only observes. */
  total<K extends SurveyKind>(
    own: SurveyAnswer<K> | null,
    asked: readonly string[],
    others: GatheredAnswers<SurveyAnswer<K>>,
  ): SurveyResult<K> {
    if (this.#isObserver) return { asked: asked.length, ...others }
    return {
      asked: asked.length + 1,
      answers: own === null ? others.answers : [own, ...others.answers],
      missing: own === null ? [this.#processId, ...others.missing] : others.missing,
    }
  }

  /**
   * What this process says to a question of another, as text; it says so when it cannot, and nobody waits
   * for it. `origin` goes to the log.
   */
  answer(kindName: string, body: string, origin: Readonly<Record<string, unknown>>): string {
    const kind = parseKind(kindName)
    try {
      if (kind && this.#handlers) return handleEncoded(this.#handlers, kind, body)
      throw new TypeError(`This version knows no survey of kind ${kindName}.`)
    } catch (error) {
      this.#logger.error({ err: error, ...origin, kind: kindName }, 'message skipped')
      return encodeAnswer(null)
    }
  }

  /** Tells that messages may have been lost; a check that fails is logged. */
  reportGap(why: string): void {
    this.#logger.warn({ why }, 'messages between processes may have been lost')
    try {
      this.#onGap()
    } catch (error) {
      this.#logger.error({ err: error }, 'the check after a gap failed')
    }
  }
}

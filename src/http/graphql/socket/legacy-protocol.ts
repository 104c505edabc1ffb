import { toAppError } from '../../../errors/app-error.js'
import { closeCodeOf } from '../../../errors/code.js'
import type { GraphqlEngine } from '../engine.js'
import { formatFailure } from '../graphql-error.js'
import type { OperationResult } from '../middleware.js'
import type { SocketLine } from './socket-line.js'
import { startOperation } from './started-operation.js'
import type { TabLine } from './tab-line.js'
import type { Protocol, ProtocolFactory } from './transport-protocol.js'

const TOO_MANY_INITS_CODE = 4429
const NOT_INITIALISED_CODE = 4401
const MALFORMED_CODE = 4400
const NORMAL_CODE = 1000
const ID_CHARS_MAX = 256

interface Message {
  readonly type: string
  readonly id: string
  readonly payload: unknown
}

/** What a client may stop. Null until it has begun. */
type Stoppable = { stop: (() => void) | null }

/**
 * The legacy sub-protocol `graphql-ws`
 * (https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md), over the same operations. A
 * refused `connection_init` gets `connection_error` with the reason, then the close code of the failure; the other
 * close codes are those of the protocol that replaced it.
 */
export function createLegacyProtocol(
  engine: GraphqlEngine,
  /** How often the server says "ka". */
  keepAliveMs: number,
): ProtocolFactory {
  return (line, tab) => new LegacyLine(engine, keepAliveMs, line, tab)
}

class LegacyLine implements Protocol {
  readonly #engine: GraphqlEngine
  readonly #keepAliveMs: number
  readonly #line: SocketLine
  readonly #tab: TabLine
  readonly #running = new Map<string, Stoppable>()
  #isInitSeen = false
  #nextKeepAliveMs = Infinity

  constructor(engine: GraphqlEngine, keepAliveMs: number, line: SocketLine, tab: TabLine) {
    this.#engine = engine
    this.#keepAliveMs = keepAliveMs
    this.#line = line
    this.#tab = tab
  }

  receive(text: string): void {
    const message = readMessage(text)
    if (!message) {
      this.#line.close(MALFORMED_CODE, 'frame_malformed')
      return
    }
    const { type, id, payload } = message
    switch (type) {
      case 'connection_init':
        void this.#initialise(payload)
        return
      case 'connection_terminate':
        this.#line.close(NORMAL_CODE, '')
        return
      case 'start':
        if (!this.#tab.isInitialised()) this.#line.close(NOT_INITIALISED_CODE, 'init_missing')
        else void this.#start(id, payload)
        return
      case 'stop':
        this.#stop(id)
        return
      default:
        this.#line.close(MALFORMED_CODE, 'frame_malformed')
    }
  }

  tick(nowMs: number): void {
    if (nowMs >= this.#nextKeepAliveMs) this.#keepAlive(nowMs)
  }

  release(): void {
    for (const id of [...this.#running.keys()]) this.#stop(id)
  }

  async #initialise(payload: unknown): Promise<void> {
    if (this.#isInitSeen) {
      this.#line.close(TOO_MANY_INITS_CODE, 'init_repeated')
      return
    }
    this.#isInitSeen = true
    try {
      await this.#tab.initialise(payload)
      this.#send({ type: 'connection_ack' })
      this.#keepAlive(performance.now())
    } catch (thrown) {
      const error = toAppError(thrown)
      const { message, extensions } = formatFailure(error, '')
      this.#send({ type: 'connection_error', payload: { message, extensions } })
      if (error.code === 'INTERNAL') this.#tab.fail(error)
      else this.#line.close(closeCodeOf(error), error.reason)
    }
  }

  /** Runs one operation to its end. Never rejects. */
  async #start(id: string, payload: unknown): Promise<void> {
    // As the protocol has it, a second start under the same id takes the place of the first.
    this.#stop(id)
    const running: Stoppable = { stop: null }
    this.#running.set(id, running)
    const isCurrent = (): boolean => this.#running.get(id) === running
    try {
      const started = await startOperation(this.#engine, this.#tab, payload)
      if (!started.ok) {
        if (isCurrent()) this.#send({ type: 'error', id, payload: started.errors[0] })
        return
      }
      const result = await started.run()
      await this.#deliver(id, running, result)
      if (isCurrent()) this.#send({ type: 'complete', id })
    } catch (thrown) {
      if (isCurrent()) {
        this.#send({ type: 'error', id, payload: formatFailure(toAppError(thrown), '') })
      }
    } finally {
      if (isCurrent()) this.#running.delete(id)
    }
  }

  async #deliver(
    id: string,
    running: Stoppable,
    result: OperationResult | AsyncIterableIterator<OperationResult>,
  ): Promise<void> {
    const isCurrent = (): boolean => this.#running.get(id) === running
    if (!(Symbol.asyncIterator in result)) {
      if (isCurrent()) this.#send({ type: 'data', id, payload: result })
      return
    }
    running.stop = () => void result.return?.()
    if (!isCurrent()) running.stop()
    for await (const payload of result) {
      if (isCurrent()) this.#send({ type: 'data', id, payload })
    }
  }

  #stop(id: string): void {
    const running = this.#running.get(id)
    this.#running.delete(id)
    running?.stop?.()
  }

  #keepAlive(nowMs: number): void {
    this.#nextKeepAliveMs = nowMs + this.#keepAliveMs
    this.#send({ type: 'ka' })
  }

  #send(message: object): void {
    this.#line.send(JSON.stringify(message))
  }
}

function readMessage(text: string): Message | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const { type, id, payload } = (value ?? {}) as Record<string, unknown>
  if (typeof type !== 'string') return null
  const needsId = type === 'start' || type === 'stop'
  if (needsId && (typeof id !== 'string' || id === '' || id.length > ID_CHARS_MAX)) return null
  return { type, id: typeof id === 'string' ? id : '', payload }
}

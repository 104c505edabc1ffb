import { AppError } from '../../src/errors/app-error.js'
import type {
  Broker,
  SurveyAnswer,
  SurveyHandlers,
  SurveyKind,
  SurveyRequest,
  SurveyResult,
} from '../../src/domain/broker.js'

/** A line to processes that are only handlers in this one; asks are kept. */
export interface FakeBroker extends Broker {
  readonly asked: { readonly kind: SurveyKind; readonly request: unknown }[]
  /** Adds a process that answers with these handlers. */
  join(handlers: SurveyHandlers): void
  /** Adds a process that never answers. */
  joinSilent(processId: string): void
  /** Every survey raises UNAVAILABLE, until set to false again. */
  setDown(isDown: boolean): void
}

export function createFakeBroker(): FakeBroker {
  const processes: SurveyHandlers[] = []
  const silent: string[] = []
  const asked: { kind: SurveyKind; request: unknown }[] = []
  let down = false
  return {
    processId: 'process-1',
    asked,
    join: (handlers) => void processes.push(handlers),
    joinSilent: (processId) => void silent.push(processId),
    setDown(isDown) {
      down = isDown
    },
    async start(handlers) {
      processes.push(handlers)
    },
    async survey<K extends SurveyKind>(
      kind: K,
      request: SurveyRequest<K>,
    ): Promise<SurveyResult<K>> {
      asked.push({ kind, request })
      if (down) throw new AppError('UNAVAILABLE', 'broker_unavailable', 'The broker is away.')
      const answers = processes.map((handlers): SurveyAnswer<K> => handlers[kind](request))
      return { asked: processes.length + silent.length, answers, missing: [...silent] }
    },
    async close() {
      processes.length = 0
    },
  }
}

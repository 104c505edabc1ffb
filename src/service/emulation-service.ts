import type { Broker } from '../domain/broker.js'
import type { EmulationSessions } from '../realtime/emulation-sessions.js'

/** `gone`: the process lives and has no such connection; `unknown`: no such process answered. */
export type EmulationOutcome = 'handled' | 'gone' | 'unknown'

/** Brings what a client sends by a request of its own to its connection, wherever that is. */
export interface EmulationService {
  /** Raises UNAVAILABLE when the other processes cannot be asked. */
  deliver(processId: string, session: string, data: string): Promise<EmulationOutcome>
}

export interface EmulationServiceDeps {
  readonly broker: Broker
  readonly emulation: Pick<EmulationSessions, 'receive'>
  /** How long to wait for the other processes to answer. */
  readonly surveyTimeoutMs: number
}

export function createEmulationService(deps: EmulationServiceDeps): EmulationService {
  const { broker, emulation, surveyTimeoutMs } = deps
  return {
    async deliver(processId, session, data) {
      if (processId === broker.processId) {
        return emulation.receive(session, data) ? 'handled' : 'gone'
      }
      const request = { processId, session, data }
      const { answers } = await broker.survey('emulate', request, surveyTimeoutMs)
      const answer = answers.find((each) => each.processId === processId)
      if (!answer) return 'unknown'
      return answer.isHandled ? 'handled' : 'gone'
    },
  }
}

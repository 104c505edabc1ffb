import type { RealtimeService } from '../../src/service/realtime-service.js'

/** A realtime service that fails when it is called, but for the given methods. */
export function createFakeRealtimeService(given: Partial<RealtimeService>): RealtimeService {
  const unexpected = async (): Promise<never> => {
    throw new Error('unexpected call of the realtime service')
  }
  return {
    publish: unexpected,
    broadcast: unexpected,
    subscribe: unexpected,
    unsubscribe: unexpected,
    disconnect: unexpected,
    presence: unexpected,
    presenceStats: unexpected,
    history: unexpected,
    removeHistory: unexpected,
    info: unexpected,
    ...given,
  }
}

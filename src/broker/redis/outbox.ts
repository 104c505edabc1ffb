import { createGatherer } from '../gatherer.js'
import type { BrokerBus } from './broker-redis.js'

/** Gathers what is published to one name within one turn into one envelope: one command, and one parse on the other side. */
export interface Outbox {
  /** Queues one JSON text; resolves when its envelope was handed to Redis. Raises UNAVAILABLE. */
  post(name: string, message: string): Promise<void>
}

export function createOutbox(bus: Pick<BrokerBus, 'publish'>): Outbox {
  const gatherer = createGatherer<string, void>({
    async run(name, messages) {
      await bus.publish(name, `[${messages.join(',')}]`)
      return messages.map(() => undefined)
    },
  })
  return { post: (name, message) => gatherer.post(name, message, message.length) }
}

/** The messages of an envelope; null when it is none. */
export function openEnvelope(text: string): readonly unknown[] | null {
  try {
    const messages: unknown = JSON.parse(text)
    return Array.isArray(messages) ? messages : null
  } catch {
    return null
  }
}

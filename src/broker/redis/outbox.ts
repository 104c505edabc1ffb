import type { BrokerBus } from './broker-redis.js'

/** Over it an envelope is sent and the next one begun, in characters. */
const ENVELOPE_LENGTH_MAX = 256 * 1024

interface Envelope {
  readonly messages: string[]
  length: number
  readonly sent: Promise<void>
  readonly send: () => void
}

/**
 * Gathers what is published to one name within one turn of the event loop, well under a millisecond, into one
 * envelope: one command, one parse on the other side, and no delay when there is only one message.
 */
export interface Outbox {
  /** Queues one JSON text; resolves when its envelope was handed to Redis. Raises UNAVAILABLE. */
  post(name: string, message: string): Promise<void>
}

export function createOutbox(bus: Pick<BrokerBus, 'publish'>): Outbox {
  const open = new Map<string, Envelope>()

  function begin(name: string): Envelope {
    const messages: string[] = []
    let send: () => void = () => undefined
    const sent = new Promise<void>((resolve, reject) => {
      let isSent = false
      send = () => {
        if (isSent) return
        isSent = true
        if (open.get(name)?.messages === messages) open.delete(name)
        bus.publish(name, `[${messages.join(',')}]`).then(resolve, reject)
      }
    })
    setImmediate(send)
    return { messages, length: 0, sent, send }
  }

  return {
    post(name, message) {
      const envelope = open.get(name) ?? begin(name)
      open.set(name, envelope)
      envelope.messages.push(message)
      envelope.length += message.length
      if (envelope.length > ENVELOPE_LENGTH_MAX) envelope.send()
      return envelope.sent
    },
  }
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

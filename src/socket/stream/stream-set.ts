import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Logger } from '../../domain/logger.js'
import type { BatchEncoder } from '../../realtime/batch.js'
import type { EmulationSessions } from '../../realtime/emulation-sessions.js'
import type { Hub } from '../../realtime/hub.js'
import { randomId } from '../../util/random-id.js'
import type { AddressQuota } from '../address-quota.js'
import { sendAwayPaced } from '../drain.js'
import { CentrifugeClient } from '../protocols/centrifuge/centrifuge-client.js'
import type { CentrifugeDeps, CentrifugeOptions } from '../protocols/centrifuge/centrifuge-deps.js'
import type { SocketMetrics } from '../socket-metrics.js'
import { type StreamFormat, StreamLine, type StreamLimits } from './stream-line.js'

const CONNECTION_CLOSED_CODE = 3000

export interface StreamSetDeps {
  readonly hub: Hub
  readonly addresses: AddressQuota
  readonly emulation: EmulationSessions
  readonly centrifuge: CentrifugeDeps
  readonly metrics: SocketMetrics
  readonly logger: Logger
}

/** Durations in milliseconds. */
export interface StreamSetOptions extends StreamLimits {
  readonly centrifuge: CentrifugeOptions
  readonly tickMs: number
  readonly drainWindowMs: number
}

/** What a request brings for a stream. */
export interface StreamOpening {
  readonly response: ServerResponse
  readonly format: StreamFormat
  readonly encoder: BatchEncoder
  readonly address: string
  readonly credential: string | null
  /** The commands that came with the request. */
  readonly data: string
}

/** All clients that hear over a long HTTP response. */
export interface StreamSet {
  /** Begins the stream and hands its first commands to a new client. Raises RESOURCE_EXHAUSTED when the hub is full. */
  open(opening: StreamOpening): void
  /** Sends everybody away, in random order over the drain window. */
  close(): Promise<void>
}

/** Creates an empty set. Its one timer serves all streams and runs only while there is one. */
export function createStreamSet(deps: StreamSetDeps, options: StreamSetOptions): StreamSet {
  const clients = new Map<StreamLine, CentrifugeClient>()
  let timer: NodeJS.Timeout | undefined

  function tick(): void {
    const nowMs = performance.now()
    for (const client of clients.values()) client.tick(nowMs)
  }

  function open(opening: StreamOpening): void {
    const session = randomId()
    const line = new StreamLine({
      ...{ id: randomUUID(), response: opening.response, format: opening.format },
      ...{ deps, limits: options },
    })
    deps.hub.add(line)
    deps.addresses.enter(opening.address)
    const { credential, encoder } = opening
    const origin = { credential, encoder, session }
    const client = new CentrifugeClient(deps.centrifuge, options.centrifuge, line, origin)
    line.setOwner({
      receive: (data) => client.receive(data),
      release: () => {
        client.release()
        deps.emulation.remove(session)
        deps.addresses.leave(opening.address)
        deps.hub.remove(line)
        deps.metrics.connectionClosed(line.closeCode ?? CONNECTION_CLOSED_CODE)
        clients.delete(line)
        if (clients.size > 0) return
        clearInterval(timer)
        timer = undefined
      },
    })
    clients.set(line, client)
    timer ??= setInterval(tick, options.tickMs)
    deps.emulation.add(session, (data) => line.receive(data))
    opening.response.once('close', () => line.gone())
    line.receive(opening.data)
  }

  return { open, close: () => sendAwayPaced([...clients.keys()], options.drainWindowMs) }
}

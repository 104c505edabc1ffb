import type { Config } from '../config/schema.js'
import type { Logger } from '../domain/logger.js'
import type { SocketLines } from '../http/graphql/socket/socket-line.js'
import { createHub } from '../realtime/hub.js'
import { createAddressQuota } from '../socket/address-quota.js'
import { closeFrameOf } from '../socket/close-frame.js'
import { createConnectionSet } from '../socket/connection-set.js'
import { createSocketMetrics } from '../socket/socket-metrics.js'
import { createWriteTurn } from '../socket/write-turn.js'
import { drainDeadline } from './listen-web.js'

const CLOSE_TIMEOUT_MS = 2_000
/** GraphQL does not listen by registration, but by subscription. */
const REGISTRATIONS_MAX = 0

/** The WebSockets of the HTTP service, with the bounds that those of the socket service have. */
export function createGraphqlLines(config: Config, logger: Logger): SocketLines {
  const { graphql, socket, shutdown } = config
  const hub = createHub({
    connectionsMax: graphql.connectionsMax,
    registrationsPerConnectionMax: REGISTRATIONS_MAX,
  })
  const limits = {
    queueBytesMax: graphql.queueBytesMax,
    idleTimeoutMs: graphql.idleTimeoutMs,
    pingIntervalMs: graphql.keepAliveMs,
    messagesPerSecondMax: graphql.messagesPerSecondMax,
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
  }
  const addresses = createAddressQuota(socket.connectionsPerAddressMax)
  const connections = createConnectionSet({
    hub,
    addresses,
    shared: { limits, metrics: createSocketMetrics({ hub }), logger, turn: createWriteTurn() },
    drainWindowMs: socket.drainWindowMs,
    drainDeadlineMs: drainDeadline(shutdown),
    shortestTimeoutMs: Math.min(
      CLOSE_TIMEOUT_MS,
      graphql.idleTimeoutMs,
      graphql.keepAliveMs,
      graphql.initTimeoutMs,
    ),
  })
  return {
    ...connections,
    isFull: () => hub.isFull(),
    isAddressFull: (address) => addresses.isFull(address),
    // The GraphQL protocols choose their codes when they close; the rest is that of the house.
    adopt: (socket, net, handler, origin) => {
      connections.adopt(socket, net, { ...handler, closeFrame: closeFrameOf }, origin)
    },
  }
}

import { Counter, Gauge, type Registry } from 'prom-client'
import type { ChannelCounts } from '../realtime/channel-counts.js'
import type { Channels } from '../realtime/channels.js'
import type { Hub } from '../realtime/hub.js'

/** What the socket service counts. */
export interface SocketMetrics {
  messageReceived(): void
  messageSent(): void
  /** A connection was closed because its peer did not keep up. */
  slowConsumer(): void
  /** A connection was closed because its peer sent more than its rate. */
  rateLimited(): void
  /** A command of the channel protocol was answered with this error. */
  replyFailed(code: number): void
  /** A connection was refused before it began, with the reason. */
  refused(reason: string): void
  /** `code` is the one this side sent, else the peer's, else 1006. */
  connectionClosed(code: number): void
}

/** Codes that get a label of their own. The peer chooses its code, so the rest must share one. */
const LABELLED_CODES: ReadonlySet<number> = new Set([
  1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1013, 3000, 3001, 3004, 3005, 3008,
  3010, 3011, 3012, 3500, 3501, 3502, 3503, 3504, 4400, 4401, 4403, 4429, 4500, 4504,
])

export interface SocketMetricsDeps {
  readonly hub: Hub
  readonly channels?: Pick<Channels, 'channelCount' | 'subscriptionCount'>
  readonly channelCounts?: ChannelCounts
  readonly registry?: Registry
}

/** Registers the gauges and counters of the socket service; without a registry they go nowhere. */
export function createSocketMetrics(deps: SocketMetricsDeps): SocketMetrics {
  if (!deps.registry) {
    return {
      messageReceived: () => {},
      messageSent: () => {},
      slowConsumer: () => {},
      rateLimited: () => {},
      replyFailed: () => {},
      refused: () => {},
      connectionClosed: () => {},
    }
  }
  const registers = [deps.registry]
  registerGauges(deps.hub, registers)
  registerChannelMetrics(deps, registers)
  // A counter costs more than a message does, so they are added up when somebody looks.
  const pending = { in: 0, out: 0 }
  const messages: Counter<'direction'> = new Counter({
    name: 'socket_messages_total',
    help: 'Messages over connections, by direction as this process sees it.',
    labelNames: ['direction'],
    registers,
    collect: () => {
      for (const direction of ['in', 'out'] as const) {
        messages.inc({ direction }, pending[direction])
        pending[direction] = 0
      }
    },
  })
  const slow = new Counter({
    name: 'socket_slow_consumers_total',
    help: 'Connections closed because their peer did not keep up.',
    registers,
  })
  const rateLimited = new Counter({
    name: 'socket_rate_limited_total',
    help: 'Connections closed because their peer sent more messages than allowed.',
    registers,
  })
  const replyErrors = new Counter({
    name: 'socket_reply_errors_total',
    help: 'Commands of the channel protocol answered with an error, by its code.',
    labelNames: ['code'],
    registers,
  })
  const refusals = new Counter({
    name: 'socket_refusals_total',
    help: 'Connections refused before they began, by reason.',
    labelNames: ['reason'],
    registers,
  })
  const closes = new Counter({
    name: 'socket_closes_total',
    help: 'Closed WebSockets by close code.',
    labelNames: ['code'],
    registers,
  })
  return {
    messageReceived: () => {
      pending.in += 1
    },
    messageSent: () => {
      pending.out += 1
    },
    slowConsumer: () => slow.inc(),
    rateLimited: () => rateLimited.inc(),
    replyFailed: (code) => replyErrors.inc({ code }),
    refused: (reason) => refusals.inc({ reason }),
    connectionClosed: (code) => closes.inc({ code: LABELLED_CODES.has(code) ? code : 'other' }),
  }
}

/** Gauges ask the hub when they are scraped, so they can never drift from it. */
function registerGauges(hub: Hub, registers: Registry[]): void {
  const connections: Gauge = new Gauge({
    name: 'socket_connections',
    help: 'Open WebSockets.',
    registers,
    collect: () => connections.set(hub.connectionCount()),
  })
  const registrations: Gauge = new Gauge({
    name: 'socket_registrations',
    help: 'Events that open WebSockets are registered for.',
    registers,
    collect: () => registrations.set(hub.registrationCount()),
  })
}

function registerChannelMetrics(
  { channels, channelCounts }: SocketMetricsDeps,
  registers: Registry[],
): void {
  if (channels) {
    const open: Gauge = new Gauge({
      name: 'socket_channels',
      help: 'Channels with a subscriber in this process.',
      registers,
      collect: () => open.set(channels.channelCount()),
    })
    const subscriptions: Gauge = new Gauge({
      name: 'socket_subscriptions',
      help: 'Subscriptions of the connections of this process.',
      registers,
      collect: () => subscriptions.set(channels.subscriptionCount()),
    })
  }
  if (!channelCounts) return
  const recoveries: Counter<'outcome'> = new Counter({
    name: 'socket_recoveries_total',
    help: 'Attempts to give back what was missed, by outcome.',
    labelNames: ['outcome'],
    registers,
    collect: () => {
      recoveries.reset()
      for (const outcome of ['recovered', 'lost'] as const) {
        recoveries.inc({ outcome }, channelCounts.recoveries(outcome))
      }
    },
  })
  const deliveries: Counter<'outcome'> = new Counter({
    name: 'socket_deliveries_total',
    help: 'Publications times connections: written at once, queued for a slow peer, or dropped.',
    labelNames: ['outcome'],
    registers,
    collect: () => {
      const { written, queued, dropped } = channelCounts.deliveries()
      deliveries.reset()
      deliveries.inc({ outcome: 'written' }, written - queued)
      deliveries.inc({ outcome: 'queued' }, queued)
      deliveries.inc({ outcome: 'dropped' }, dropped)
    },
  })
}

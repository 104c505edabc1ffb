import { Counter, Gauge, type Registry } from 'prom-client'
import type { Hub } from '../realtime/hub.js'

/** What the socket service counts. */
export interface SocketMetrics {
  messageReceived(): void
  messageSent(): void
  /** `code` is the one this side sent, else the peer's, else 1006. */
  connectionClosed(code: number): void
}

/** Codes that get a label of their own. The peer chooses its code, so the rest must share one. */
const LABELLED_CODES: ReadonlySet<number> = new Set([
  1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009, 1011, 1013, 4400, 4401, 4403, 4429, 4504,
])

/** Registers the gauges and counters of the socket service; without a registry they go nowhere. */
export function createSocketMetrics(deps: { hub: Hub; registry?: Registry }): SocketMetrics {
  if (!deps.registry) {
    return { messageReceived: () => {}, messageSent: () => {}, connectionClosed: () => {} }
  }
  const registers = [deps.registry]
  registerGauges(deps.hub, registers)
  const messages = new Counter({
    name: 'socket_messages_total',
    help: 'Messages over WebSockets, by direction as this process sees it.',
    labelNames: ['direction'],
    registers,
  })
  const received = messages.labels('in')
  const sent = messages.labels('out')
  const closes = new Counter({
    name: 'socket_closes_total',
    help: 'Closed WebSockets by close code.',
    labelNames: ['code'],
    registers,
  })
  return {
    messageReceived: () => received.inc(),
    messageSent: () => sent.inc(),
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

import { Centrifuge, type Options, type Subscription } from 'centrifuge'
import type { Test } from 'tap'
import { WebSocket } from 'ws'

/** The published client library in one channel, and what it has seen there. */
export interface ChannelClient {
  readonly client: Centrifuge
  readonly sub: Subscription
  /** The data of every publication, in the order of arrival. */
  readonly data: unknown[]
  /** What happened to the connection and to the recovery of the channel. */
  readonly events: string[]
  /** Connections that came (`+id`) and went (`-id`), where the channel tells it. */
  readonly moves: string[]
  /** The id of its connection now. */
  connectionId(): string
}

/** Connects, and resolves when the subscription stands. */
export async function joinChannel(
  t: Test,
  address: string,
  options: Partial<Options>,
  channel = 'room:a',
): Promise<ChannelClient> {
  const client = new Centrifuge(`ws://${address}/connection/websocket`, {
    ...{ websocket: WebSocket, minReconnectDelay: 20, maxReconnectDelay: 100 },
    ...options,
  })
  t.teardown(() => client.disconnect())
  const events: string[] = []
  const data: unknown[] = []
  const moves: string[] = []
  let connectionId = ''
  client.on('connected', (context) => {
    connectionId = context.client
    events.push('connected')
  })
  client.on('connecting', ({ code }) => {
    if (code !== 0) events.push(`connecting ${code}`)
  })
  client.on('disconnected', ({ code, reason }) => events.push(`disconnected ${code} ${reason}`))
  client.on('message', ({ data: message }) => {
    events.push(`message ${(message as { reason: string }).reason}`)
  })
  const sub = client.newSubscription(channel, {
    ...{ joinLeave: true, minResubscribeDelay: 20, maxResubscribeDelay: 100 },
  })
  sub.on('publication', (publication) => data.push(publication.data))
  sub.on('join', ({ info }) => moves.push(`+${info.client}`))
  sub.on('leave', ({ info }) => moves.push(`-${info.client}`))
  sub.on('subscribed', (context) => {
    if (context.wasRecovering) events.push(`recovered ${context.recovered}`)
  })
  sub.subscribe()
  client.connect()
  await sub.ready(10_000)
  return { client, sub, data, events, moves, connectionId: () => connectionId }
}

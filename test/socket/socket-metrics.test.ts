import { Registry } from 'prom-client'
import t from 'tap'
import { createChannelCounts } from '../../src/realtime/channel-counts.js'
import { createHub } from '../../src/realtime/hub.js'
import { createSocketMetrics } from '../../src/socket/socket-metrics.js'

await t.test('metrics follow the hub and count messages and closes', async (t) => {
  const hub = createHub({ connectionsMax: 2, registrationsPerConnectionMax: 2 })
  const registry = new Registry()
  const metrics = createSocketMetrics({ hub, registry })
  const connection = { id: 'a', send: () => true, close: () => {} }
  hub.add(connection)
  hub.register(connection, { userId: 'u', sessionId: 's', event: 'x' })
  hub.register(connection, { userId: 'u', sessionId: 's', event: 'y' })
  metrics.messageReceived()
  metrics.messageSent()
  metrics.messageSent()
  metrics.replyFailed(106)
  metrics.rateLimited()
  for (const code of [1001, 4401, 4401, 4999, 3333]) metrics.connectionClosed(code)
  const text = await registry.metrics()
  for (const line of [
    'socket_connections 1',
    'socket_registrations 2',
    'socket_messages_total{direction="in"} 1',
    'socket_messages_total{direction="out"} 2',
    'socket_reply_errors_total{code="106"} 1',
    'socket_rate_limited_total 1',
    'socket_closes_total{code="1001"} 1',
    'socket_closes_total{code="4401"} 2',
    'socket_closes_total{code="other"} 2',
  ]) {
    t.ok(text.split('\n').includes(line), line)
  }
})

await t.test('metrics count what the channels did', async (t) => {
  const hub = createHub({ connectionsMax: 2, registrationsPerConnectionMax: 2 })
  const registry = new Registry()
  const channelCounts = createChannelCounts()
  const channels = { channelCount: () => 3, subscriptionCount: () => 7 }
  createSocketMetrics({ hub, registry, channels, channelCounts })
  channelCounts.addRecovery('lost')
  channelCounts.addDeliveries({ written: 10, queued: 4, dropped: 1 }, 2)
  for (const look of ['first', 'second']) {
    const lines = (await registry.metrics()).split('\n')
    for (const line of [
      'socket_channels 3',
      'socket_subscriptions 7',
      'socket_recoveries_total{outcome="recovered"} 0',
      'socket_recoveries_total{outcome="lost"} 1',
      'socket_deliveries_total{outcome="written"} 12',
      'socket_deliveries_total{outcome="queued"} 8',
      'socket_deliveries_total{outcome="dropped"} 2',
    ]) {
      t.ok(lines.includes(line), `${line} at the ${look} look`)
    }
  }
})

await t.test('metrics without a registry go nowhere', async (t) => {
  const hub = createHub({ connectionsMax: 2, registrationsPerConnectionMax: 2 })
  const metrics = createSocketMetrics({ hub })
  t.doesNotThrow(() => {
    metrics.messageReceived()
    metrics.messageSent()
    metrics.connectionClosed(1000)
    metrics.slowConsumer()
    metrics.rateLimited()
    metrics.replyFailed(106)
    metrics.refused('origin_refused')
  })
})

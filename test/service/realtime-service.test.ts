import t from 'tap'
import { createClientRegistry } from '../../src/realtime/client-registry.js'
import { createNamespaces } from '../../src/realtime/namespace.js'
import { createRealtimeService, HISTORY_LIMIT_MAX } from '../../src/service/realtime-service.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { createMemoryChannels } from '../helpers/memory-channel-broker.js'
import { surveyDeps } from '../helpers/stub-survey-handlers.js'
import { OPEN_RULES, STREAM_RULES } from '../realtime/channel-rules.js'

function createHouse() {
  const broker = createFakeBroker()
  const line = createMemoryChannels()
  const channelBroker = line.createBroker()
  const presence = line.presence.createStore()
  const namespaces = createNamespaces(OPEN_RULES, {
    plain: {},
    kept: STREAM_RULES,
    room: { presence: true },
  })
  const orders: string[] = []
  for (const processId of ['one', 'two']) {
    const clients = createClientRegistry()
    clients.add({
      ...{ id: `c-${processId}`, userId: 'ann', sessionId: `s-${processId}` },
      subscribe: (channel) => orders.push(`${processId} +${channel}`),
      unsubscribe: (channel) => orders.push(`${processId} -${channel}`) > 0,
      disconnect: (code, reason) => orders.push(`${processId} ${code} ${reason}`),
    })
    broker.join(createSurveyHandlers(surveyDeps({ processId, clients })))
  }
  const service = createRealtimeService({
    ...{ namespaces, channelBroker, presence, broker, surveyTimeoutMs: 50 },
  })
  return { broker, line, presence, orders, service }
}

await t.test('publishes once per idempotency key, with a receipt when asked for', async (t) => {
  const { service, broker } = createHouse()
  const request = { channel: 'kept:a', data: '1', idempotencyKey: 'k' }
  t.match(await service.publish(request), { position: { offset: 1 }, duplicate: false })
  t.strictSame(broker.asked, [], 'nobody is asked for a receipt that nobody wants')
  broker.joinSilent('three')
  t.match(await service.publish({ ...request, receipt: 'nodes' }), {
    position: { offset: 1 },
    duplicate: true,
    receipt: { processes: { asked: 3, answered: 2, missing: ['three'] }, written: 0 },
  })
  t.match(await service.publish({ channel: 'plain:a', data: '{}', tags: { a: 'b' } }), {
    position: null,
  })
})

await t.test('errors name the channel', async (t) => {
  const { service } = createHouse()
  for (const [channel, reason] of [
    ['nothing', 'channel_invalid'],
    ['other:a', 'namespace_unknown'],
  ] as const) {
    const expected = { reason, message: new RegExp(`"${channel}"`) } as object as Error
    await t.rejects(service.publish({ channel, data: '1' }), expected)
    await t.rejects(service.subscribe({ userId: 'ann' }, channel), expected)
    await t.rejects(service.unsubscribe({ userId: 'ann' }, channel), expected)
    await t.rejects(service.presence(channel), expected)
    await t.rejects(service.presenceStats(channel), expected)
    await t.rejects(service.history({ channel, since: null, limit: 1, reverse: false }), expected)
    await t.rejects(service.removeHistory(channel), expected)
  }
  await t.rejects(service.removeHistory('plain:a'), {
    code: 'FAILED_PRECONDITION',
    reason: 'history_disabled',
  })
  await t.rejects(service.presence('plain:a'), {
    code: 'FAILED_PRECONDITION',
    reason: 'presence_disabled',
  })
})

await t.test('a broadcast has an outcome for each channel', async (t) => {
  const { service } = createHouse()
  const answers = await service.broadcast({ channels: ['kept:a', 'other:a', 'kept:b'], data: '1' })
  t.match(answers, [
    { position: { offset: 1 } },
    { code: 'NOT_FOUND', reason: 'namespace_unknown' },
    { position: { offset: 1 } },
  ])
  await t.rejects(service.broadcast({ channels: [], data: '1' }), { code: 'INVALID_ARGUMENT' })
  const many = Array.from({ length: 1_001 }, (_, index) => `kept:${index}`)
  await t.rejects(service.broadcast({ channels: many, data: '1' }), {
    message: 'A broadcast has 1 to 1000 channels.',
  } as object as Error)
})

await t.test('orders go to every process and say whom they reached', async (t) => {
  const { service, orders, broker } = createHouse()
  const processes = { asked: 2, answered: 2, missing: [] }
  const ann = { userId: 'ann' }
  t.strictSame(await service.subscribe(ann, 'kept:a'), { connections: 2, processes })
  t.strictSame(await service.unsubscribe({ ...ann, sessionId: 's-two' }, 'kept:a'), {
    connections: 1,
    processes,
  })
  t.strictSame(await service.disconnect({ ...ann, connectionId: 'c-one' }), {
    connections: 1,
    processes,
  })
  await service.disconnect({ userId: 'bob' }, { code: 4001, reason: 'x' })
  t.strictSame(orders, ['one +kept:a', 'two +kept:a', 'two -kept:a', 'one 3503 force disconnect'])
  for (const disconnect of [
    { code: 2999, reason: '' },
    { code: 5000, reason: '' },
    { code: 3500.5, reason: '' },
    { code: 3500, reason: 'x'.repeat(124) },
  ]) {
    await t.rejects(service.disconnect(ann, disconnect), { code: 'INVALID_ARGUMENT' })
  }
  for (const target of [{ userId: '' }, { userId: 'x'.repeat(257) }, { ...ann, sessionId: '' }]) {
    await t.rejects(service.disconnect(target), { code: 'INVALID_ARGUMENT' })
  }
  broker.joinSilent('three')
  t.match(await service.info(), { nodes: [{ processId: 'one' }, {}], missing: ['three'] })
})

await t.test('history and presence are read, without what is between the processes', async (t) => {
  const { service, presence } = createHouse()
  await presence.start(() => undefined)
  for (const data of ['1', '2', '3']) {
    await service.publish({ channel: 'kept:a', data, receipt: 'nodes', tags: { n: data } })
  }
  const read = (more: object) =>
    service.history({ channel: 'kept:a', since: null, limit: 10, reverse: false, ...more })
  const page = await read({})
  t.match(page, {
    publications: [{ offset: 1, tags: { n: '1' } }, { offset: 2 }, { offset: 3 }],
    position: { offset: 3 },
  })
  t.notOk(JSON.stringify(page).includes('$receipt'))
  const since = { offset: 2, epoch: page.position.epoch }
  t.match((await read({ since })).publications, [{ offset: 3 }])
  t.match((await read({ since, reverse: true })).publications, [{ offset: 1 }])
  t.strictSame((await read({ limit: 0 })).publications, [])
  for (const limit of [-1, 1.5, HISTORY_LIMIT_MAX + 1]) {
    await t.rejects(read({ limit }), { code: 'INVALID_ARGUMENT' })
  }
  await service.removeHistory('kept:a')
  t.strictSame((await read({})).publications, [])
  const info = { connectionId: 'c', userId: 'ann', connectionInfo: null, channelInfo: null }
  await presence.add('room:a', info)
  t.strictSame(await service.presence('room:a'), [info])
  t.strictSame(await service.presenceStats('room:a'), { connections: 1, users: 1 })
})

import t from 'tap'
import { unauthenticated } from '../../../../src/errors/app-error.js'
import { waitFor } from '../../../helpers/wait-for.js'
import { startSocketServer } from '../../socket-server.js'
import { openWire } from './wire-client.js'

async function setUp(t: { teardown(action: () => unknown): void }, options: object = {}) {
  const server = await startSocketServer(t, options)
  server.authentication.grant('token', { userId: 'ann', sessionId: 's1' })
  server.authentication.grant('bob', { userId: 'bob', sessionId: 's2' })
  const publish = (channel: string, data: number) =>
    server.realtime.publish({ channel, data: `${data}` })
  return { server, publish, wire: await openWire(server) }
}

await t.test('subscribing, publishing and leaving', async (t) => {
  const { server, wire } = await setUp(t)
  const other = await openWire(server, { token: 'bob' })
  t.match(await wire.ask('subscribe', { channel: 'room:a', join_leave: true }), {
    subscribe: { recoverable: true, positioned: true, epoch: String, offset: 0 },
  })
  t.match(await other.ask('subscribe', { channel: 'room:a' }), { subscribe: {} })
  await wire.push('the join', (push) =>
    JSON.stringify(push).includes('"join":{"info":{"user":"bob"'),
  )
  await other.ask('publish', { channel: 'room:a', data: { x: 1 } })
  t.match(await wire.push('the publication', (push) => 'pub' in push), {
    channel: 'room:a',
    pub: { data: { x: 1 }, offset: 1, info: { user: 'bob' } },
  })
  t.strictSame(await other.ask('unsubscribe', { channel: 'room:a' }), { id: 4, unsubscribe: {} })
  await wire.push('the leave', (push) => 'leave' in push)
  t.strictSame((await other.ask('unsubscribe', { channel: 'room:a' }))['unsubscribe'], {})
  t.notOk(
    other.pushes().some((push) => 'join' in push),
    'only who asks hears who comes and goes',
  )
})

await t.test('what cannot be subscribed says why, and names the channel', async (t) => {
  const { wire } = await setUp(t, { centrifuge: { subscriptionsPerConnectionMax: 2 } })
  const cases: [object, number, RegExp][] = [
    [{ channel: 'nothing' }, 107, /"nothing"/],
    [{}, 107, /""/],
    [{ channel: 7 }, 107, /channel/],
    [{ channel: 'other:a' }, 102, /"other:a"/],
    [{ channel: 'mine:a#bob' }, 103, /"mine:a#bob"/],
    [{ channel: 'gate:a' }, 103, /token/],
    [{ channel: 'open:a', recover: 'yes' }, 107, /recover/],
    [{ channel: 'open:a', offset: -1 }, 107, /offset/],
  ]
  for (const [params, code, message] of cases) {
    t.match(await wire.ask('subscribe', params as Record<string, unknown>), {
      error: { code, message },
    })
  }
  t.match(await wire.ask('subscribe', { channel: 'mine:a#ann' }), { subscribe: {} })
  t.match(await wire.ask('subscribe', { channel: 'mine:a#ann' }), { error: { code: 105 } })
  t.match(await wire.ask('subscribe', { channel: 'open:b' }), { error: { code: 106 } })
})

await t.test(
  'a client that comes back gets the whole gap, or hears that it is not there',
  async (t) => {
    const { server, publish, wire } = await setUp(t, {
      namespaces: { small: { historySize: 3, recovery: true } },
    })
    const first = await wire.ask('subscribe', { channel: 'small:a' })
    const { epoch } = first['subscribe'] as { epoch: string }
    for (const data of [1, 2, 3, 4, 5]) await publish('small:a', data)
    await waitFor('all', () => wire.pushes().filter((push) => 'pub' in push).length === 5)
    const recover = async (offset: number, more: object = {}) => {
      const back = await openWire(server)
      return back.ask('subscribe', { channel: 'small:a', recover: true, offset, epoch, ...more })
    }
    t.match(await recover(2), {
      subscribe: {
        ...{ was_recovering: true, recovered: true, offset: 2, epoch },
        publications: [
          { data: 3, offset: 3 },
          { data: 4, offset: 4 },
          { data: 5, offset: 5 },
        ],
      },
    })
    t.match(await recover(5), { subscribe: { recovered: true, offset: 5 } })
    for (const [offset, more] of [
      [1, {}],
      [4, { epoch: 'another' }],
      [9, {}],
    ] as const) {
      const reply = (await recover(offset, more))['subscribe'] as object
      t.match(reply, { was_recovering: true, offset: 5 })
      t.notOk('recovered' in reply || 'publications' in reply)
    }
    t.match(await recover(1, { flag: 2 }), { error: { code: 112 } }, 'rather nothing than a hole')
    t.match(await recover(2, { flag: 2 }), { subscribe: { recovered: true } })
  },
)

await t.test('the personal channel is recovered with the connect', async (t) => {
  const { server, publish, wire } = await setUp(t)
  const { subs } = wire.lines()[0]?.['connect'] as { subs: Record<string, { epoch: string }> }
  const epoch = subs['user:ann']?.epoch ?? ''
  await publish('user:ann', 1)
  await wire.push('the first', (push) => 'pub' in push)
  wire.client.socket.close()
  await publish('user:ann', 2)
  const position = { recover: true, offset: 1, epoch }
  const back = await openWire(server, { token: 'token', subs: { 'user:ann': position } })
  t.match(back.lines()[0], {
    connect: {
      subs: { 'user:ann': { recovered: true, offset: 1, publications: [{ data: 2, offset: 2 }] } },
    },
  })
})

await t.test('a token opens a channel to whom it was made for, for its time', async (t) => {
  const { server, wire } = await setUp(t, {
    tokenGraceMs: 1_000,
    idleTimeoutMs: 20,
    pingIntervalMs: 10,
  })
  const { clock } = server
  const issue = (more: object = {}) =>
    server.centrifuge.subscriptionTokens.issue({
      ...{ userId: 'ann', sessionId: 's1', channel: 'gate:a', info: '{"name":"Ann"}' },
      expiresAt: clock.now() + 60_000,
      ...more,
    })
  for (const more of [{ userId: 'bob' }, { sessionId: 's2' }, { channel: 'gate:b' }]) {
    const reply = await wire.ask('subscribe', { channel: 'gate:a', token: await issue(more) })
    t.match(reply, { error: { code: 103, message: /another channel, user or session/ } })
  }
  t.match(await wire.ask('subscribe', { channel: 'gate:a', token: 'x' }), { error: { code: 101 } })
  const old = await issue()
  clock.advance(61_000)
  t.match(await wire.ask('subscribe', { channel: 'gate:a', token: old }), { error: { code: 109 } })

  t.match(await wire.ask('subscribe', { channel: 'gate:a', token: await issue() }), {
    subscribe: { expires: true, ttl: 60 },
  })
  t.match(await wire.ask('presence', { channel: 'gate:a' }), {
    presence: { presence: Object },
  })
  t.ok(JSON.stringify(wire.lines().at(-1)).includes('"chan_info":{"name":"Ann"}'))
  clock.advance(60_000)
  const renewed = await wire.ask('sub_refresh', { channel: 'gate:a', token: await issue() })
  t.match(renewed, { sub_refresh: { expires: true, ttl: 60 } })
  t.match(await wire.ask('sub_refresh', { channel: 'gate:a' }), { error: { code: 101 } })
  t.match(await wire.ask('sub_refresh', { channel: 'gate:b', token: 'x' }), {
    error: { code: 103 },
  })
  clock.advance(62_000)
  t.match(await wire.push('the end', (push) => 'unsubscribe' in push), {
    channel: 'gate:a',
    unsubscribe: { code: 2501, reason: 'subscription expired' },
  })
  t.equal(server.centrifuge.channels.isOpen('gate:a'), false)
})

await t.test('a subscription that fails or is given up leaves nothing behind', async (t) => {
  const { server, wire } = await setUp(t)
  server.line.setDown(true)
  t.match(await wire.ask('subscribe', { channel: 'room:a' }), {
    error: { code: 100, temporary: true },
  })
  server.line.setDown(false)
  await waitFor('nothing to be left', () => !server.centrifuge.channels.isOpen('room:a'))
  const release = server.line.holdHistory()
  wire.client.send({ id: 77, subscribe: { channel: 'room:b' } })
  await waitFor('the wait', () => server.centrifuge.channels.isOpen('room:b'))
  wire.client.socket.terminate()
  await waitFor('the end', () => server.centrifuge.clients.clientCount() === 0)
  release()
  await waitFor('nothing to be left', () => server.centrifuge.channels.subscriptionCount() === 0)
  await server.centrifuge.presenceKeeper.settled()
  t.strictSame(await server.centrifuge.presence.list('room:b', 10), [])
  t.match(unauthenticated('token_expired', 'x'), { code: 'UNAUTHENTICATED' })
})

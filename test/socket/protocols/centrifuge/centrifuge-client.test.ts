import t from 'tap'
import { unauthenticated, AppError } from '../../../../src/errors/app-error.js'
import type { RpcMethod } from '../../../../src/socket/protocols/centrifuge/centrifuge-deps.js'
import { waitFor } from '../../../helpers/wait-for.js'
import { startSocketServer } from '../../socket-server.js'
import { openWire } from './wire-client.js'

await t.test('connect says who, how long, and what the server subscribed', async (t) => {
  const server = await startSocketServer(t)
  const tokenExpiresAt = server.clock.now() + 600_000
  server.authentication.grant('token', { userId: 'ann', tokenExpiresAt })
  const wire = await openWire(server, null)
  const reply = await wire.ask('connect', { token: 'token', name: 'js', version: '1', data: {} })
  t.match(reply, {
    id: 1,
    connect: {
      ...{ version: 'gatehouse', expires: true, ttl: 600, ping: 25, pong: true },
      subs: { 'user:ann': { recoverable: true, positioned: true, offset: 0 } },
    },
  })
  t.notOk('session' in (reply['connect'] as object))
  await server.realtime.publish({ channel: 'user:ann', data: '"hi"' })
  await wire.push('the personal message', (push) => push['channel'] === 'user:ann')
  t.match(await wire.ask('ping'), { ping: {} })
})

await t.test('who cannot connect is told how to go on', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.refuse('old', unauthenticated('token_expired', 'Old.'))
  server.authentication.refuse('ended', unauthenticated('user_frozen', 'Frozen.'))
  server.authentication.refuse('down', new AppError('UNAVAILABLE', 'store_unavailable', 'Soon.'))
  const errors: [object, number][] = [
    [{ token: 'old' }, 109],
    [{ token: 'down' }, 100],
    [{}, 101],
  ]
  for (const [params, code] of errors) {
    const wire = await openWire(server, null)
    t.match(await wire.ask('connect', params as Record<string, unknown>), { error: { code } })
    t.equal(wire.client.socket.readyState, wire.client.socket.OPEN)
  }
  const closes: [string, number, string][] = [
    ['forged', 3500, 'invalid token'],
    ['ended', 4500, 'user_frozen'],
  ]
  for (const [token, code, reason] of closes) {
    const wire = await openWire(server, null)
    wire.client.send({ id: 1, connect: { token } })
    t.strictSame(await wire.client.closed, { code, reason })
  }
  server.authentication.grant('token', { userId: 'ann' })
  const again = await openWire(server, null)
  await again.ask('connect', { token: 'old' })
  t.match(await again.ask('connect', { token: 'token' }), { connect: {} }, 'a second try is fine')
})

await t.test(
  'a connection without a token is let in only where the configuration says so',
  async (t) => {
    const server = await startSocketServer(t, { centrifuge: { anonymous: true } })
    const wire = await openWire(server, {})
    t.match(wire.lines()[0], { connect: { client: String } })
    t.notOk('expires' in (wire.lines()[0]?.['connect'] as object))
    t.match(await wire.ask('subscribe', { channel: 'open:a' }), { subscribe: {} })
    t.match(await wire.ask('subscribe', { channel: 'room:a' }), {
      error: { code: 103, message: /"room:a"/ },
    })
  },
)

await t.test('a cookie is a credential; a token in the command comes before it', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('cookie', { userId: 'ann' })
  server.authentication.grant('token', { userId: 'bob' })
  const wire = await openWire(server, {}, { cookie: '_at=cookie' })
  t.match(wire.lines()[0], { connect: { subs: { 'user:ann': {} } } })
  const both = await openWire(server, { token: 'token' }, { cookie: '_at=cookie' })
  t.match(both.lines()[0], { connect: { subs: { 'user:bob': {} } } })
})

await t.test('what breaks the protocol ends the connection for good', async (t) => {
  const server = await startSocketServer(t, { frameBytesMax: 2_000 })
  server.authentication.grant('token', { userId: 'ann' })
  const first: unknown[] = ['hello', { id: 1, subscribe: { channel: 'open:a' } }, '[]', { id: 1 }]
  for (const frame of first) {
    const wire = await openWire(server, null)
    wire.client.send(frame)
    t.strictSame(await wire.client.closed, { code: 3501, reason: 'bad request' })
  }
  for (const frame of [
    { id: 9, connect: { token: 'token' } },
    { id: 9, fly: {} },
  ]) {
    const wire = await openWire(server)
    wire.client.send(frame)
    t.strictSame(await wire.client.closed, { code: 3501, reason: 'bad request' })
  }
  const binary = await openWire(server)
  binary.client.socket.send(Buffer.from('{}'), { binary: true })
  t.equal((await binary.client.closed).code, 3501)
  const large = await openWire(server)
  large.client.send('x'.repeat(2_001))
  t.equal((await large.client.closed).code, 1009)
})

await t.test('many commands in one frame, also before the connection is accepted', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server, null)
  const commands = [
    { id: 1, connect: { token: 'token' } },
    { id: 2, subscribe: { channel: 'room:a' } },
    { id: 3, publish: { channel: 'room:a', data: 1 } },
    { id: 4, publish: { channel: 'room:a', data: 2 } },
    { id: 5, unsubscribe: { channel: 'room:a' } },
  ]
  wire.client.send(commands.map((command) => JSON.stringify(command)).join('\n'))
  await waitFor('the last reply', () => wire.lines().some(({ id }) => id === 5))
  const replies = wire.lines().flatMap(({ id }) => (id === undefined ? [] : [id]))
  t.strictSame(replies, [1, 2, 3, 4, 5], 'commands about one channel are answered in order')
})

await t.test('an ended session tells why and closes for good', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ann', sessionId: 's1' })
  const wire = await openWire(server)
  await wire.ask('subscribe', { channel: 'room:a' })
  t.equal(server.endSession('s1', 'signed_in_elsewhere'), 1)
  t.strictSame(await wire.client.closed, { code: 4500, reason: 'signed_in_elsewhere' })
  t.match(wire.pushes().at(-1), {
    message: {
      data: {
        type: 'session_ended',
        reason: 'signed_in_elsewhere',
        message: 'Signed in on another device.',
      },
    },
  })
  await waitFor('nothing to be left', () => server.centrifuge.channels.subscriptionCount() === 0)
  t.equal(server.centrifuge.clients.clientCount(), 0)
  t.equal(server.handles.count('s1'), 0)
})

await t.test('a session that ends during the connect is noticed', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ann', sessionId: 's1' })
  const open = server.authentication.hold()
  const wire = await openWire(server, null)
  wire.client.send({ id: 1, connect: { token: 'token' } })
  await waitFor('the first check', () => server.authentication.calls.length === 1)
  open()
  await waitFor('the handle', () => server.handles.count('s1') === 1)
  server.authentication.refuse('token', unauthenticated('ended_by_user', 'Over.'))
  server.endSession('s1', 'ended_by_user')
  t.strictSame(await wire.client.closed, { code: 4500, reason: 'ended_by_user' })
})

await t.test('an expired token gets its grace, and a refresh lengthens it', async (t) => {
  const server = await startSocketServer(t, {
    tokenGraceMs: 25_000,
    idleTimeoutMs: 20,
    pingIntervalMs: 10,
  })
  const grant = (token: string, seconds: number, sessionId = 's1'): void =>
    server.authentication.grant(token, {
      ...{ userId: 'ann', sessionId, tokenExpiresAt: server.clock.now() + seconds * 1000 },
    })
  grant('token', 60)
  const wire = await openWire(server)
  const silent = await openWire(server)
  server.clock.advance(60_000)
  grant('newer', 60)
  t.match(await wire.ask('refresh', { token: 'newer' }), { refresh: { expires: true, ttl: 60 } })
  server.clock.advance(25_000)
  t.strictSame(await silent.client.closed, { code: 3005, reason: 'connection expired' })
  t.equal(wire.client.socket.readyState, wire.client.socket.OPEN)
  server.authentication.refuse('old', unauthenticated('token_expired', 'Old.'))
  t.match(await wire.ask('refresh', { token: 'old' }), { error: { code: 109 } })
  grant('foreign', 60, 's2')
  wire.client.send({ id: 99, refresh: { token: 'foreign' } })
  t.strictSame(await wire.client.closed, { code: 3500, reason: 'invalid token' })
})

await t.test('nobody is waited for who says nothing', async (t) => {
  const server = await startSocketServer(t, {
    registrationTimeoutMs: 400,
    centrifuge: { pingIntervalMs: 500, pongTimeoutMs: 400 },
  })
  server.authentication.grant('token', { userId: 'ann' })
  const stale = await openWire(server, null)
  t.strictSame(await stale.client.closed, { code: 3502, reason: 'stale' })
  const mute = await openWire(server)
  t.strictSame(await mute.client.closed, { code: 3012, reason: 'no pong' })
  t.ok(
    mute.lines().some((line) => Object.keys(line).length === 0),
    'it was pinged',
  )
  const alive = await openWire(server)
  let pings = 0
  alive.client.socket.on('message', (data: Buffer) => {
    if (data.toString() !== '{}') return
    pings += 1
    alive.client.send('{}')
  })
  await waitFor('several pings', () => pings >= 4)
  t.equal(alive.client.socket.readyState, alive.client.socket.OPEN)
})

await t.test('connections are limited for each user, over all that share a line', async (t) => {
  const options = { centrifuge: { connectionsPerUserMax: 2 } }
  const one = await startSocketServer(t, { ...options, processId: 'one' })
  const two = await startSocketServer(t, { ...options, processId: 'two', line: one.line })
  for (const server of [one, two]) {
    server.authentication.grant('token', { userId: 'ann' })
    server.authentication.grant('other', { userId: 'bob' })
  }
  const first = await openWire(one)
  await openWire(two)
  const third = await openWire(two, null)
  third.client.send({ id: 1, connect: { token: 'token' } })
  t.strictSame(await third.client.closed, { code: 3504, reason: 'connection limit' })
  await openWire(two, { token: 'other' })
  first.client.socket.close()
  await waitFor('the first to be gone', () => one.centrifuge.clients.clientCount() === 0)
  await one.centrifuge.presenceKeeper.settled()
  await openWire(two)
  one.line.setDown(true)
  t.match((await openWire(one, { token: 'other' })).lines()[0], { error: { code: 100 } })
  one.line.setDown(false)
})

await t.test('of twenty that come at once to two servers, as many stay as may', async (t) => {
  const options = { centrifuge: { connectionsPerUserMax: 5 } }
  const one = await startSocketServer(t, { ...options, processId: 'one' })
  const two = await startSocketServer(t, { ...options, processId: 'two', line: one.line })
  const servers = [one, two]
  for (const server of servers) server.authentication.grant('token', { userId: 'ann' })
  const wires = await Promise.all(
    Array.from({ length: 20 }, (_, index) => openWire(index % 2 === 0 ? one : two, null)),
  )
  const closes: unknown[] = []
  for (const { client } of wires) {
    void client.closed.then((close) => closes.push(close))
    client.send({ id: 1, connect: { token: 'token' } })
  }
  await waitFor('the refusals', () => closes.length >= 15)
  t.strictSame(
    closes,
    Array.from({ length: 15 }, () => ({ code: 3504, reason: 'connection limit' })),
  )
  const accepted = wires.filter((wire) => wire.lines().some((line) => 'connect' in line))
  t.equal(accepted.length, 5)
  const clients = (): number =>
    one.centrifuge.clients.clientCount() + two.centrifuge.clients.clientCount()
  t.equal(clients(), 5)
  for (const { client } of accepted) client.socket.close()
  await waitFor('them to be gone', () => clients() === 0)
  await Promise.all(servers.map(({ centrifuge }) => centrifuge.presenceKeeper.settled()))
  for (let count = 0; count < 5; count += 1) await openWire(two)
})

await t.test('rotation asks clients to come back after a while', async (t) => {
  const server = await startSocketServer(t, {
    registrationTimeoutMs: 100,
    centrifuge: { rotationMs: 100 },
  })
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server)
  t.strictSame(await wire.client.closed, { code: 3011, reason: 'force reconnect' })
})

await t.test('a shutdown sends clients elsewhere', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server)
  void server.app.close()
  t.strictSame(await wire.client.closed, { code: 3001, reason: 'shutdown' })
})

await t.test('too many messages close with a code that lets the client come back', async (t) => {
  const server = await startSocketServer(t, { messagesPerSecondMax: 5 })
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server)
  for (let index = 0; index < 20; index += 1) wire.client.send('{}')
  t.strictSame(await wire.client.closed, { code: 4429, reason: 'rate_limited' })
})

await t.test('servers subscribe, unsubscribe and disconnect connections', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ann', sessionId: 's1' })
  const wire = await openWire(server)
  const ann = { userId: 'ann' }
  t.match(await server.realtime.subscribe(ann, 'kept:a'), { connections: 1 })
  t.match(await wire.push('the subscription', (push) => 'subscribe' in push), {
    channel: 'kept:a',
    subscribe: { recoverable: true, offset: 0 },
  })
  await server.realtime.publish({ channel: 'kept:a', data: '1' })
  await wire.push('the publication', (push) => push['channel'] === 'kept:a' && 'pub' in push)
  t.match(await wire.ask('subscribe', { channel: 'kept:a' }), { error: { code: 105 } })
  t.match(await server.realtime.unsubscribe(ann, 'kept:a'), { connections: 1 })
  t.match(await wire.push('the end', (push) => 'unsubscribe' in push), {
    channel: 'kept:a',
    unsubscribe: { code: 2000 },
  })
  t.match(await server.realtime.unsubscribe(ann, 'kept:a'), { connections: 0 })
  server.line.setDown(true)
  server.centrifuge.clients.match(ann)[0]?.subscribe('kept:z')
  await waitFor('the failure in the log', () =>
    server.logger.lines.some(({ message }) => message === 'cannot subscribe a connection'),
  )
  server.line.setDown(false)
  await server.realtime.disconnect({ ...ann, sessionId: 's1' }, { code: 4999, reason: 'go' })
  t.strictSame(await wire.client.closed, { code: 4999, reason: 'go' })
})

await t.test('a hole that cannot be filled makes clients come back and recover', async (t) => {
  const small = { historySize: 2, recovery: true }
  const server = await startSocketServer(t, { namespaces: { small, user: small } })
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server)
  await wire.ask('subscribe', { channel: 'small:a' })
  for (const channel of ['small:a', 'user:ann']) {
    server.line.loseNext(4)
    for (let data = 0; data < 5; data += 1) {
      await server.realtime.publish({ channel, data: `${data}` })
    }
    if (channel === 'small:a') {
      t.match(await wire.push('the loss', (push) => 'unsubscribe' in push), {
        channel: 'small:a',
        unsubscribe: { code: 2500, reason: 'insufficient state' },
      })
    }
  }
  t.strictSame(await wire.client.closed, { code: 3010, reason: 'insufficient state' })
})

await t.test('rpc, send and failures inside', async (t) => {
  const sent: string[] = []
  const server = await startSocketServer(t, {
    rpc: new Map<string, RpcMethod>([
      ['echo', async (data, { userId }) => JSON.stringify({ data, userId })],
      ['bug', () => Promise.reject(new Error('select * from secret'))],
    ]),
    onMessage: (data, { userId }) => sent.push(`${userId} ${data}`),
  })
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server)
  t.match(await wire.ask('rpc', { method: 'echo', data: [1] }), {
    rpc: { data: { data: '[1]', userId: 'ann' } },
  })
  t.match(await wire.ask('rpc', { method: 'echo' }), { rpc: { data: { data: null } } })
  t.match(await wire.ask('rpc', { method: 'fly' }), { error: { code: 104 } })
  const failed = await wire.ask('rpc', { method: 'bug' })
  t.strictSame(failed['error'], { code: 100, message: 'internal server error', temporary: true })
  t.ok(server.logger.lines.some(({ message }) => message === 'a command failed'))
  wire.client.send({ send: { data: { hello: 1 } } })
  wire.client.send({ send: {} })
  await waitFor('both', () => sent.length === 2)
  t.strictSame(sent, ['ann {"hello":1}', 'ann null'])
})

import t from 'tap'
import { AppError, unauthenticated } from '../../../src/errors/app-error.js'
import { PENDING_FRAMES_MAX } from '../../../src/socket/protocols/push-protocol.js'
import { waitFor } from '../../helpers/wait-for.js'
import { startSocketServer } from '../socket-server.js'

const registered = (event: string) => JSON.stringify({ registered: event })

await t.test('messages arrive as bare text, silently registered', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const client = await server.connect('/ws')
  client.send({ Token: 'token', Event: 'mail' })
  await waitFor('the registration', () => server.hub.registrationCount() === 1)
  t.equal(server.hub.push('ada', 'mail', 'you have mail：1'), 1)
  t.equal(await client.frame(1), 'you have mail：1')
  t.same(client.received, ['you have mail：1'], 'the registration itself was not answered')
})

await t.test('a registration is acknowledged when asked, several in order', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const open = server.authentication.hold()
  const client = await server.connect('/ws')
  for (const event of ['a', 'b', 'c']) client.send({ token: 'token', event, ack: true })
  client.send({ event: 'b', unregister: true, ack: true })
  await waitFor('the first check', () => server.authentication.calls.length === 1)
  open()
  await client.frame(4)
  const unregistered = '{"unregistered":"b"}'
  t.same(client.received, [registered('a'), registered('b'), registered('c'), unregistered])
  t.same(
    ['a', 'b', 'c'].map((event) => server.hub.push('ada', event, 'x')),
    [1, 0, 1],
  )
})

await t.test('every connection of user and event gets a push, counted exactly', async (t) => {
  const server = await startSocketServer(t)
  for (const user of ['ada', 'bob']) server.authentication.grant(user, { userId: user })
  const clients = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const client = await server.connect('/ws')
      client.send({ token: index % 4 === 3 ? 'bob' : 'ada', event: 'mail', ack: true })
      await client.frame(1)
      return client
    }),
  )
  t.equal(server.hub.push('ada', 'mail', 'for ada'), 30)
  t.equal(server.hub.push('bob', 'mail', 'for bob'), 10)
  for (const [index, client] of clients.entries()) {
    t.equal(await client.frame(2), index % 4 === 3 ? 'for bob' : 'for ada')
  }
})

await t.test('a refused token closes with 4401 and says why', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.refuse('ended', unauthenticated('ended_by_user', 'Ended.'))
  for (const [token, reason] of [
    ['nonsense', 'token_malformed'],
    ['ended', 'ended_by_user'],
  ]) {
    const client = await server.connect('/ws')
    client.send({ token, event: 'mail' })
    t.same(await client.closed, { code: 4401, reason })
  }
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
})

await t.test('a store that cannot be asked, or breaks, closes to come back later', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.refuse('down', new AppError('UNAVAILABLE', 'store_unavailable', 'Down.'))
  server.authentication.refuse('broken', new Error('secret detail'))
  const down = await server.connect('/ws')
  down.send({ token: 'down', event: 'mail' })
  t.same(await down.closed, { code: 1013, reason: 'store_unavailable' })
  const broken = await server.connect('/ws')
  broken.send({ token: 'broken', event: 'mail' })
  t.same(await broken.closed, { code: 1011, reason: 'internal' })
})

await t.test('a malformed, binary or oversize frame closes the connection', async (t) => {
  const server = await startSocketServer(t)
  const cases: [string | Buffer, number, string][] = [
    ['not json', 4400, 'frame_malformed'],
    ['{"event":"x","unregister":true}', 4400, 'not_registered'],
    [Buffer.from('{"token":"t","event":"e"}'), 4400, 'binary_not_supported'],
    [JSON.stringify({ token: 'x'.repeat(9_000), event: 'e' }), 1009, 'too_large'],
  ]
  for (const [frame, code, reason] of cases) {
    const client = await server.connect('/ws')
    client.socket.send(frame)
    t.same(await client.closed, { code, reason })
  }
  t.same(server.authentication.calls, [])
})

await t.test('a malformed frame waits for its turn', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const client = await server.connect('/ws')
  client.send({ token: 'token', event: 'mail', ack: true })
  client.send('garbage')
  client.send({ token: 'token', event: 'late', ack: true })
  t.same(await client.closed, { code: 4400, reason: 'frame_malformed' })
  t.same(client.received, [registered('mail')])
})

await t.test('traffic does not extend the time to register', async (t) => {
  const server = await startSocketServer(t, { registrationTimeoutMs: 80 })
  const client = await server.connect('/ws')
  const timer = setInterval(() => client.socket.ping(), 10)
  t.teardown(() => clearInterval(timer))
  t.same(await client.closed, { code: 4504, reason: 'registration_timeout' })
})

await t.test('a check that takes longer than the time to register is not waited for', async (t) => {
  const server = await startSocketServer(t, { registrationTimeoutMs: 50 })
  server.authentication.grant('token', { userId: 'ada', sessionId: 's1' })
  const open = server.authentication.hold()
  const client = await server.connect('/ws')
  client.send({ token: 'token', event: 'mail', ack: true })
  t.same(await client.closed, { code: 4504, reason: 'registration_timeout' })
  open()
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
  t.equal(server.hub.registrationCount(), 0)
  t.equal(server.handles.count('s1'), 0)
  t.same(client.received, [])
})

await t.test('a registered connection outlives the time to register', async (t) => {
  const server = await startSocketServer(t, { registrationTimeoutMs: 60, pingIntervalMs: 30 })
  server.authentication.grant('token', { userId: 'ada' })
  const client = await server.connect('/ws')
  let pings = 0
  client.socket.on('ping', () => (pings += 1))
  client.send({ token: 'token', event: 'mail' })
  await waitFor('twice that time', () => pings >= 4)
  t.equal(server.hub.push('ada', 'mail', 'x'), 1)
})

await t.test('frames that wait for a check are bounded', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const open = server.authentication.hold()
  t.teardown(open)
  const client = await server.connect('/ws')
  for (let count = 0; count < PENDING_FRAMES_MAX + 2; count += 1) {
    client.send({ token: 'token', event: 'mail' })
  }
  t.same(await client.closed, { code: 4429, reason: 'too_many_pending' })
})

await t.test('a connection may listen to a bounded number of events', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada' })
  const client = await server.connect('/ws')
  for (const event of ['a', 'b', 'c', 'd']) client.send({ token: 'token', event, ack: true })
  t.same(await client.closed, { code: 4429, reason: 'too_many_registrations' })
  t.equal(client.received.length, 3)
})

await t.test('the end of the session closes at once and says why', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada', sessionId: 's1' })
  server.authentication.grant('other', { userId: 'ada', sessionId: 's2' })
  const [gone, stays] = await Promise.all(
    ['token', 'other'].map(async (token) => {
      const client = await server.connect('/ws')
      client.send({ token, event: 'mail', ack: true })
      await client.frame(1)
      return client
    }),
  )
  t.equal(server.endSession('s1', 'ended_by_user'), 1)
  t.equal(server.hub.push('ada', 'mail', 'after'), 1, 'nothing is delivered after the end')
  t.same(await gone?.closed, { code: 4401, reason: 'ended_by_user' })
  t.equal(await stays?.frame(2), 'after')
  t.same(gone?.received, [registered('mail')])
  t.equal(server.handles.count('s1'), 0)
})

await t.test('a frame that is being checked when the session ends is not processed', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada', sessionId: 's1' })
  const client = await server.connect('/ws')
  client.send({ token: 'token', event: 'first', ack: true })
  await client.frame(1)
  const open = server.authentication.hold()
  const before = server.authentication.calls.length
  client.send({ token: 'token', event: 'second', ack: true })
  await waitFor('the check', () => server.authentication.calls.length > before)
  server.endSession('s1', 'logged_out')
  open()
  t.same(await client.closed, { code: 4401, reason: 'logged_out' })
  t.same(client.received, [registered('first')])
  t.equal(server.hub.registrationCount(), 0)
})

await t.test('a session that ends between the check and the handle is found out', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada', sessionId: 's1' })
  const attach = server.handles.attach.bind(server.handles)
  // The end comes after the check has passed and finds no handle yet.
  server.handles.attach = (sessionId, handle) => {
    t.equal(server.endSession('s1', 'ended_by_admin'), 0)
    server.authentication.refuse('token', unauthenticated('ended_by_admin', 'Ended.'))
    return attach(sessionId, handle)
  }
  const client = await server.connect('/ws')
  client.send({ token: 'token', event: 'mail', ack: true })
  t.same(await client.closed, { code: 4401, reason: 'ended_by_admin' })
  t.same(client.received, [])
  t.equal(server.hub.registrationCount(), 0)
  t.equal(server.handles.count('s1'), 0)
})

await t.test('a connection that closes during a check leaves no handle', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ada', sessionId: 's1' })
  const open = server.authentication.hold()
  const client = await server.connect('/ws')
  client.send({ token: 'token', event: 'mail' })
  await waitFor('the check', () => server.authentication.calls.length === 1)
  client.socket.terminate()
  await waitFor('an empty hub', () => server.hub.connectionCount() === 0)
  open()
  // A later registration is through only when the earlier check has been answered.
  server.authentication.grant('other', { userId: 'bob', sessionId: 's2' })
  const later = await server.connect('/ws')
  later.send({ token: 'other', event: 'mail', ack: true })
  await later.frame(1)
  t.equal(server.handles.count('s1'), 0)
  t.equal(server.hub.registrationCount(), 1)
})

await t.test('a token of another session moves the connection wholly', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('ada', { userId: 'ada', sessionId: 's1' })
  server.authentication.grant('bob', { userId: 'bob', sessionId: 's2' })
  const client = await server.connect('/ws')
  for (const token of ['ada', 'bob']) client.send({ token, event: 'mail', ack: true })
  await client.frame(2)
  t.equal(server.hub.push('ada', 'mail', 'for ada'), 0)
  t.equal(server.hub.push('bob', 'mail', 'for bob'), 1)
  t.equal(await client.frame(3), 'for bob')
  t.same([server.handles.count('s1'), server.handles.count('s2')], [0, 1])
  t.equal(server.endSession('s1', 'logged_out'), 0, 'the session before has no say any more')
  server.endSession('s2', 'logged_out')
  t.same(await client.closed, { code: 4401, reason: 'logged_out' })
})

await t.test('a connection that is refused while it moves leaves both sessions', async (t) => {
  const server = await startSocketServer(t)
  server.authentication.grant('ada', { userId: 'ada', sessionId: 's1' })
  server.authentication.grant('bob', { userId: 'bob', sessionId: 's2' })
  const client = await server.connect('/ws')
  client.send({ token: 'ada', event: 'mail', ack: true })
  await client.frame(1)
  const attach = server.handles.attach.bind(server.handles)
  server.handles.attach = (sessionId, handle) => {
    server.authentication.refuse('bob', unauthenticated('user_frozen', 'Frozen.'))
    return attach(sessionId, handle)
  }
  client.send({ token: 'bob', event: 'mail', ack: true })
  t.same(await client.closed, { code: 4401, reason: 'user_frozen' })
  t.same(server.handles.sessionIds(), [])
  t.equal(server.hub.registrationCount(), 0)
})

await t.test(
  'an access token that is not renewed within the grace ends the connection',
  async (t) => {
    const server = await startSocketServer(t, { tokenGraceMs: 1_000, registrationTimeoutMs: 40 })
    const now = server.clock.now()
    server.authentication.grant('old', { userId: 'ada', tokenExpiresAt: now + 5_000 })
    server.authentication.grant('new', { userId: 'ada', tokenExpiresAt: now + 9_000 })
    const idle = await server.connect('/ws')
    const renewed = await server.connect('/ws')
    for (const client of [idle, renewed]) {
      client.send({ token: 'old', event: 'mail', ack: true })
      await client.frame(1)
    }
    server.clock.advance(5_999)
    renewed.send({ token: 'new', event: 'mail', ack: true })
    // The older token, shown again, takes nothing back.
    renewed.send({ token: 'old', event: 'mail', ack: true })
    await renewed.frame(3)
    t.equal(server.hub.push('ada', 'mail', 'within the grace'), 2)
    server.clock.advance(1)
    t.same(await idle.closed, { code: 4401, reason: 'token_expired' })
    t.equal(server.hub.push('ada', 'mail', 'x'), 1)
    server.clock.advance(4_000)
    t.same(await renewed.closed, { code: 4401, reason: 'token_expired' })
  },
)

import t from 'tap'
import type { Connection } from '../../src/realtime/connection.js'
import { createHub, type Hub } from '../../src/realtime/hub.js'

interface FakeConnection extends Connection {
  readonly sent: string[]
  readonly closes: [number, string][]
}

function createConnection(id: string, send: (message: string) => boolean = () => true) {
  const connection: FakeConnection = {
    id,
    sent: [],
    closes: [],
    send: (message) => {
      if (!send(message)) return false
      connection.sent.push(message)
      return true
    },
    close: (code, reason) => void connection.closes.push([code, reason]),
  }
  return connection
}

function createFilledHub(...connections: Connection[]): Hub {
  const hub = createHub({ connectionsMax: 5, registrationsPerConnectionMax: 2 })
  for (const connection of connections) hub.add(connection)
  return hub
}

const ada = { userId: 'ada', sessionId: 's1', event: 'mail' }

await t.test(
  'push reaches every connection of the user and the event, and only those',
  async (t) => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => createConnection(id)) as [
      FakeConnection,
      FakeConnection,
      FakeConnection,
      FakeConnection,
    ]
    const hub = createFilledHub(a, b, c, d)
    hub.register(a, ada)
    hub.register(b, { ...ada, sessionId: 's2' })
    hub.register(c, { ...ada, event: 'news' })
    hub.register(d, { ...ada, userId: 'bob', sessionId: 's3' })
    t.equal(hub.push('ada', 'mail', 'hello'), 2)
    t.same([a.sent, b.sent, c.sent, d.sent], [['hello'], ['hello'], [], []])
    t.equal(hub.push('ada', 'nothing', 'hello'), 0)
    t.equal(hub.push('nobody', 'mail', 'hello'), 0)
  },
)

await t.test('registering again changes nothing', async (t) => {
  const a = createConnection('a')
  const hub = createFilledHub(a)
  hub.register(a, ada)
  hub.register(a, ada)
  t.equal(hub.registrationCount(), 1)
  t.equal(hub.push('ada', 'mail', 'once'), 1)
  t.same(a.sent, ['once'])
})

await t.test('a connection holds several events up to its maximum', async (t) => {
  const a = createConnection('a')
  const hub = createFilledHub(a)
  hub.register(a, ada)
  hub.register(a, { ...ada, event: 'news' })
  t.throws(() => hub.register(a, { ...ada, event: 'third' }), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'too_many_registrations',
  })
  hub.register(a, ada)
  t.equal(hub.push('ada', 'news', 'x'), 1, 'what was there stays')
  t.equal(hub.unregister(a, 'mail'), 1)
  hub.register(a, { ...ada, event: 'third' })
  t.equal(hub.push('ada', 'third', 'y'), 1)
})

await t.test('a registration of another session moves the connection wholly', async (t) => {
  const a = createConnection('a')
  const hub = createFilledHub(a)
  hub.register(a, ada)
  hub.register(a, { ...ada, event: 'news' })
  hub.register(a, { userId: 'bob', sessionId: 's2', event: 'mail' })
  t.equal(hub.push('ada', 'mail', 'x'), 0)
  t.equal(hub.push('ada', 'news', 'x'), 0)
  t.equal(hub.push('bob', 'mail', 'y'), 1)
  t.equal(hub.registrationCount(), 1)
  hub.register(a, { userId: 'bob', sessionId: 's3', event: 'news' })
  t.equal(hub.push('bob', 'mail', 'z'), 0, 'also when it is another session of the same user')
  t.equal(hub.push('bob', 'news', 'z'), 1)
})

await t.test('unregister takes one event or all, and remove forgets the connection', async (t) => {
  const a = createConnection('a')
  const hub = createFilledHub(a)
  t.equal(hub.unregister(a), 0)
  hub.register(a, ada)
  t.equal(hub.unregister(a, 'other'), 0)
  hub.register(a, { ...ada, event: 'news' })
  t.equal(hub.unregister(a), 2)
  t.equal(hub.push('ada', 'mail', 'x'), 0)
  t.equal(hub.connectionCount(), 1)
  hub.register(a, ada)
  hub.remove(a)
  hub.remove(a)
  t.equal(hub.push('ada', 'mail', 'x'), 0)
  t.same([hub.connectionCount(), hub.registrationCount()], [0, 0])
  t.throws(() => hub.register(a, ada), {
    code: 'FAILED_PRECONDITION',
    reason: 'connection_not_open',
  })
})

await t.test('the number of connections has a maximum', async (t) => {
  const hub = createFilledHub(...['a', 'b', 'c', 'd'].map((id) => createConnection(id)))
  const last = createConnection('e')
  t.equal(hub.isFull(), false)
  hub.add(last)
  hub.add(last)
  t.equal(hub.isFull(), true)
  t.throws(() => hub.add(createConnection('f')), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'too_many_connections',
  })
  hub.remove(last)
  hub.add(createConnection('g'))
  t.equal(hub.connectionCount(), 5)
})

await t.test('a connection that refuses or throws is not counted and stops no other', async (t) => {
  const refusing = createConnection('a', () => false)
  const throwing = createConnection('b', () => {
    throw new Error('broken')
  })
  const good = createConnection('c')
  const hub = createFilledHub(refusing, throwing, good)
  for (const connection of [refusing, throwing, good]) hub.register(connection, ada)
  t.equal(hub.push('ada', 'mail', 'x'), 1)
  t.same(good.sent, ['x'])
})

await t.test('a connection that leaves while a push goes round disturbs nothing', async (t) => {
  const leaving: FakeConnection = createConnection('a', () => {
    hub.remove(leaving)
    return false
  })
  const good = createConnection('b')
  const hub = createFilledHub(leaving, good)
  hub.register(leaving, ada)
  hub.register(good, ada)
  t.equal(hub.push('ada', 'mail', 'x'), 1)
  t.equal(hub.push('ada', 'mail', 'y'), 1)
  t.same(good.sent, ['x', 'y'])
})

await t.test('drop closes by user and by event, each connection once', async (t) => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => createConnection(id)) as [
    FakeConnection,
    FakeConnection,
    FakeConnection,
  ]
  const hub = createFilledHub(a, b, c)
  hub.register(a, ada)
  hub.register(a, { ...ada, event: 'news' })
  hub.register(b, { ...ada, event: 'news' })
  hub.register(c, { userId: 'bob', sessionId: 's3', event: 'mail' })
  t.equal(hub.drop({ userId: 'ada', event: 'mail' }, 4403, 'dropped'), 1)
  t.equal(hub.drop({ userId: 'ada' }, 4403, 'dropped'), 2)
  t.equal(hub.drop({ userId: 'nobody' }, 4403, 'dropped'), 0)
  t.same([a.closes.length, b.closes.length, c.closes.length], [2, 1, 0])
  t.same(b.closes, [[4403, 'dropped']])
})

await t.test('closeAll closes every connection, also after one that throws', async (t) => {
  const throwing: Connection = {
    id: 'a',
    send: () => true,
    close: () => {
      throw new Error('broken')
    },
  }
  const leaving: FakeConnection = { ...createConnection('b'), close: () => hub.remove(leaving) }
  const good = createConnection('c')
  const hub = createFilledHub(throwing, leaving, good)
  t.equal(hub.closeAll(1001, 'bye'), 3)
  t.same(good.closes, [[1001, 'bye']])
  t.equal(hub.connectionCount(), 2)
})

await t.test('a delivery says who got it, who is behind, and who did not get it', async (t) => {
  const hub = createHub({ connectionsMax: 3, registrationsPerConnectionMax: 1 })
  const connections = [
    { id: 'a', send: () => true, close: () => {} },
    { id: 'b', send: () => true, isBehind: () => true, close: () => {} },
    { id: 'c', send: () => false, close: () => {} },
  ]
  for (const connection of connections) {
    hub.add(connection)
    hub.register(connection, { userId: 'u', sessionId: 's', event: 'e' })
  }
  t.strictSame(hub.deliver('u', 'e', 'm'), { written: 2, queued: 1, dropped: 1 })
  t.equal(hub.push('u', 'e', 'm'), 2)
  t.strictSame(hub.deliver('u', 'other', 'm'), { written: 0, queued: 0, dropped: 0 })
})

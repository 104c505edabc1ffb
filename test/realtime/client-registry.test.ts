import t from 'tap'
import { createClientRegistry, type RealtimeClient } from '../../src/realtime/client-registry.js'

function client(id: string, userId: string, sessionId: string | null): RealtimeClient {
  return {
    ...{ id, userId, sessionId },
    subscribe: () => {},
    unsubscribe: () => false,
    disconnect: () => {},
  }
}

await t.test('connections are found by user, session and id', async (t) => {
  const registry = createClientRegistry()
  const [one, two, guest] = [
    client('1', 'ann', 's1'),
    client('2', 'ann', 's2'),
    client('3', '', null),
  ]
  for (const each of [one, two, guest, one]) registry.add(each)
  t.strictSame([registry.clientCount(), registry.userCount()], [3, 1])
  t.strictSame(registry.match({ userId: 'ann' }), [one, two])
  t.strictSame(registry.match({ userId: 'ann', sessionId: 's2' }), [two])
  t.strictSame(registry.match({ userId: 'ann', connectionId: '1' }), [one])
  t.strictSame(registry.match({ userId: 'ann', connectionId: '3' }), [])
  t.strictSame(registry.match({ userId: 'bob' }), [])
  registry.remove(one)
  registry.remove(one)
  registry.remove(guest)
  t.strictSame([registry.clientCount(), registry.userCount()], [1, 1])
  registry.remove(two)
  t.strictSame([registry.clientCount(), registry.userCount()], [0, 0])
})

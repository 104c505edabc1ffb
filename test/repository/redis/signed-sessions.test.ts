import t from 'tap'
import { createSessionKeys } from '../../../src/repository/redis/session-key.js'
import { createSignedSessions } from '../../../src/repository/redis/signed-sessions.js'

function createHouse(failing = false) {
  const ran: [string, number][] = []
  const signed = createSignedSessions({
    keys: createSessionKeys('p:'),
    redis: {
      run: async (_script, [key], args) => {
        if (failing) throw new Error('away')
        ran.push([key, (args.length - 1) / 2])
        return 1
      },
      send: async (key, args) => [`${key} ${args.join(' ')}`, null, 'session-2'],
    },
  })
  return { signed, ran }
}

await t.test('what comes in one turn goes in one command for each key', async (t) => {
  const { signed, ran } = createHouse()
  await Promise.all([
    ...['a', 'b', 'c'].map((id) => signed.note('key-1', id, 2000, 1000)),
    signed.note('key-2', 'd', 2000, 1000),
  ])
  await signed.note('key-1', 'e', 2000, 1000)
  t.same(ran, [
    ['p:sessions-of-key:key-1', 3],
    ['p:sessions-of-key:key-2', 1],
    ['p:sessions-of-key:key-1', 1],
  ])
})

await t.test('a command takes no more than 500', async (t) => {
  const { signed, ran } = createHouse()
  await Promise.all(
    Array.from({ length: 1201 }, (_, index) => signed.note('k', `s${index}`, 2000, 1000)),
  )
  t.same(
    ran.map(([, count]) => count),
    [500, 500, 201],
  )
})

await t.test('who noted hears of the failure, and the next one tries again', async (t) => {
  const { signed } = createHouse(true)
  const first = [signed.note('k', 'a', 2000, 1000), signed.note('k', 'b', 2000, 1000)]
  for (const noted of first) await t.rejects(noted, { message: 'away' })
  await t.rejects(signed.note('k', 'c', 2000, 1000), { message: 'away' })
})

await t.test('list asks for what ends after now', async (t) => {
  const { signed } = createHouse()
  const key = 'p:sessions-of-key:k'
  t.same(await signed.list('k', 5), [`${key} ZRANGEBYSCORE ${key} (5 +inf`, 'session-2'])
})

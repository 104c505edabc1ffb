import t from 'tap'
import { waitFor } from '../../../helpers/wait-for.js'
import { startSocketServer } from '../../socket-server.js'
import { openWire } from './wire-client.js'

async function setUp(t: { teardown(action: () => unknown): void }) {
  const server = await startSocketServer(t)
  server.authentication.grant('token', { userId: 'ann' })
  const wire = await openWire(server)
  await wire.ask('subscribe', { channel: 'room:a' })
  await wire.ask('subscribe', { channel: 'open:a' })
  return { server, wire }
}

await t.test('publishing follows the rules of the channel', async (t) => {
  const { wire } = await setUp(t)
  t.strictSame((await wire.ask('publish', { channel: 'open:a', data: null }))['publish'], {})
  const cases: [object, number][] = [
    [{ channel: 'open:a' }, 107],
    [{ channel: 'user:ann', data: 1 }, 103],
    [{ channel: 'gate:a', data: 1 }, 103],
    [{ channel: 'mine:a', data: 1 }, 103],
    [{ channel: 'other:a', data: 1 }, 102],
    [{ channel: 'x', data: 1 }, 107],
  ]
  for (const [params, code] of cases) {
    const reply = await wire.ask('publish', params as Record<string, unknown>)
    t.match(reply, { error: { code } }, JSON.stringify(params))
  }
  t.match(await wire.ask('publish', { channel: 'mine:a#ann', data: 1 }), { publish: {} })
})

await t.test('what is published arrives as it was written', async (t) => {
  const { wire } = await setUp(t)
  const data = '{"b": 12345678901234567890, "a":[1.0, "\\u00e9"]}'
  wire.client.send(`{"id":900,"publish":{"channel":"open:a","data":${data}}}`)
  const texts = await waitFor('the push', () => {
    const found = wire.client.received.map(String).filter((text) => text.includes('"pub"'))
    return found.length === 0 ? undefined : found
  })
  t.match(texts[0], `"data":${data}`)
})

await t.test('history with limit, since and reverse', async (t) => {
  const { server, wire } = await setUp(t)
  for (const data of ['1', '2', '3']) {
    await server.realtime.publish({ channel: 'room:a', data, receipt: 'nodes' })
  }
  const read = async (more: object) =>
    (await wire.ask('history', { channel: 'room:a', ...more }))['history'] as {
      publications: { offset: number }[]
      epoch: string
      offset: number
    }
  const top = await read({})
  t.match(top, { publications: [], offset: 3, epoch: String }, 'only the position without a limit')
  const offsets = async (more: object) =>
    (await read(more)).publications.map(({ offset }) => offset)
  const { epoch } = top
  t.strictSame(await offsets({ limit: 2 }), [1, 2])
  t.strictSame(await offsets({ limit: 2, reverse: true }), [3, 2])
  t.strictSame(await offsets({ limit: 10, since: { offset: 1, epoch } }), [2, 3])
  t.strictSame(await offsets({ limit: 10, since: { offset: 3, epoch }, reverse: true }), [2, 1])
  t.strictSame(await offsets({ limit: 10, since: { offset: 1 } }), [2, 3])
  t.notOk(JSON.stringify(wire.lines()).includes('$receipt'))
  const refused: [object, number][] = [
    [{ channel: 'room:a', limit: 1, since: { offset: 1, epoch: 'other' } }, 112],
    [{ channel: 'room:a', limit: -1 }, 107],
    [{ channel: 'room:a', since: 7 }, 107],
    [{ channel: 'open:a', limit: 1 }, 108],
    [{ channel: 'room:b', limit: 1 }, 103],
  ]
  for (const [params, code] of refused) {
    t.match(await wire.ask('history', params as Record<string, unknown>), { error: { code } })
  }
})

await t.test('presence is for those who are there', async (t) => {
  const { server, wire } = await setUp(t)
  const other = await openWire(server)
  await other.ask('subscribe', { channel: 'room:a' })
  const { presence } = (await wire.ask('presence', { channel: 'room:a' }))['presence'] as {
    presence: Record<string, { user: string }>
  }
  t.strictSame(
    Object.values(presence).map(({ user }) => user),
    ['ann', 'ann'],
  )
  t.match(await wire.ask('presence_stats', { channel: 'room:a' }), {
    presence_stats: { num_clients: 2, num_users: 1 },
  })
  for (const method of ['presence', 'presence_stats']) {
    t.match(await wire.ask(method, { channel: 'open:a' }), { error: { code: 108 } })
    t.match(await wire.ask(method, { channel: 'room:b' }), { error: { code: 103 } })
  }
})

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t from 'tap'
import { LatestSlots } from '../../src/socket/latest-slots.js'
import { waitFor } from '../helpers/wait-for.js'

await t.test('of each channel the newest waits for a peer that does not read', async (t) => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const accepted = once(server, 'connection')
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [net] = (await accepted) as [Socket]
  t.teardown(() => [peer, net].forEach((socket) => socket.destroy()))
  peer.pause()
  const filler = Buffer.alloc(1 << 20, '.')
  while (net.writableLength === 0) net.write(filler)
  const slots = new LatestSlots(net, (bytes) => net.write(bytes))
  t.notOk(slots.isWaiting)
  for (const frame of ['a1', 'a2', 'b1', 'a3']) {
    slots.put(frame.slice(0, 1), Buffer.from(frame))
  }
  t.ok(slots.isWaiting)
  let text = ''
  peer.on('data', (chunk: Buffer) => (text += chunk.toString().replaceAll('.', '')))
  peer.resume()
  await waitFor('the newest', () => text.length >= 4)
  t.equal(text, 'a3b1')
  slots.put('a', Buffer.from('a4'))
  await waitFor('the next', () => text === 'a3b1a4')
  t.notOk(slots.isWaiting)
})

await t.test('what comes while the rest goes out waits for its own turn', async (t) => {
  const written: string[] = []
  const dones: (() => void)[] = []
  const outlet = { write: (_chunk: Uint8Array, done: () => void) => dones.push(done) }
  const slots: LatestSlots = new LatestSlots(outlet, (bytes) => {
    written.push(bytes.toString())
    if (written.length === 1) slots.put('a', Buffer.from('a2'))
  })
  slots.put('a', Buffer.from('a1'))
  slots.put('b', Buffer.from('b1'))
  t.equal(dones.length, 1)
  dones[0]?.()
  t.strictSame(written, ['a1', 'b1'])
  t.equal(dones.length, 2)
  dones[1]?.()
  t.strictSame(written, ['a1', 'b1', 'a2'])
})

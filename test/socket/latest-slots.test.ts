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
  let isOpen = true
  const slots = new LatestSlots(net, () => isOpen)
  for (const frame of ['a1', 'a2', 'b1', 'a3']) {
    slots.put(frame.slice(0, 1), Buffer.from(frame))
  }
  let text = ''
  peer.on('data', (chunk: Buffer) => (text += chunk.toString().replaceAll('.', '')))
  peer.resume()
  await waitFor('the newest', () => text.length >= 4)
  t.equal(text, 'a3b1')
  slots.put('a', Buffer.from('a4'))
  await waitFor('the next', () => text === 'a3b1a4')
  slots.put('a', Buffer.from('a5'))
  isOpen = false
  await waitFor('the end', () => net.writableLength === 0)
  t.equal(text, 'a3b1a4')
})

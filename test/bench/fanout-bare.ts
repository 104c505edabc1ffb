/**
 * The baselines of the fan-out: a room on the bare `ws` library and nothing else. `fanout-bare.js string` calls
 * `send(string)` in a loop; `fanout-bare.js frame` makes the frame once and writes it to every socket, past the
 * library: what a delivery costs at least on Node's sockets.
 */
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { textFrame } from '../../src/socket/frame.js'

const way = process.argv[2] === 'frame' ? 'frame' : 'string'
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
const room = new Map<WebSocket, Socket>()
server.on('connection', (socket, request) => {
  room.set(socket, request.socket)
  socket.on('close', () => room.delete(socket))
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    if (way === 'string') for (const client of room.keys()) client.send(text)
    else writeToAll(textFrame(text))
  })
})
server.on('listening', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  process.stdout.write(
    `${JSON.stringify({ msg: 'listening', listener: 'bare', address: `127.0.0.1:${port}` })}\n` +
      `${JSON.stringify({ msg: 'ready' })}\n`,
  )
})
process.once('SIGTERM', () => {
  for (const client of room.keys()) client.terminate()
  server.close()
})

function writeToAll(frame: Buffer): void {
  for (const net of room.values()) net.write(frame)
}

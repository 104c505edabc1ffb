/** The baseline of the fan-out: a room on the bare `ws` library, `send(string)` in a loop. */
import { type WebSocket, WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
const room = new Set<WebSocket>()
server.on('connection', (socket) => {
  room.add(socket)
  socket.on('close', () => room.delete(socket))
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    for (const client of room) client.send(text)
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
  for (const client of room) client.terminate()
  server.close()
})

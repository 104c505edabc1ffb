import { connect, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** A plain TCP connection to a server under test, with everything that came back so far. */
export interface RawConnection {
  readonly socket: Socket
  readonly received: () => string
  readonly isClosed: () => boolean
}

/** Listens on a free port of the loopback and answers with it. */
export async function listen(server: FastifyInstance): Promise<number> {
  await server.listen({ port: 0, host: '127.0.0.1' })
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Connects and sends the bytes as they are. */
export async function openRaw(port: number, bytes: string | Buffer = ''): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  let closed = false
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  // A reset is one of the ways in which a server hangs up.
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  if (bytes.length > 0) socket.write(bytes)
  return { socket, received: () => received, isClosed: () => closed }
}

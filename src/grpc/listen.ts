import { createServer, type Server, type Socket } from 'node:net'
import { type Server as GrpcLibraryServer, ServerCredentials } from '@grpc/grpc-js'
import { type ListenAddress, listenError } from '../errors/listen-error.js'

/** The port of a gRPC server, and every connection that came through it. */
export interface Listener {
  /** With the real port. */
  readonly address: ListenAddress
  /** Takes no new connection. */
  stop(): void
  /** Resolves when this side has sent the end of every connection, whatever the peers do with theirs. */
  ended(): Promise<void>
  /** Cuts the connections that are left; resolves when the last is gone and the port is free. */
  destroy(): Promise<void>
}

/**
 * Listens for a server of grpc-js and hands it each connection. The library could listen itself, but then
 * nobody could cut a peer that leaves its half of a connection open, and a shutdown would wait for it for ever.
 * Raises FAILED_PRECONDITION naming host and port, as `listenError` says.
 */
export async function listen(
  library: GrpcLibraryServer,
  { host, port }: ListenAddress,
): Promise<Listener> {
  const sockets = new Set<Socket>()
  const injector = library.createConnectionInjector(ServerCredentials.createInsecure())
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    injector.injectConnection(socket)
  })
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  return {
    address: { host, port: await bind(server, { host, port }) },
    stop() {
      server.close()
    },
    async ended() {
      await Promise.all([...sockets].map(ending))
    },
    destroy() {
      for (const socket of sockets) socket.destroy()
      return closed
    },
  }
}

function ending(socket: Socket): Promise<void> {
  if (socket.destroyed || socket.writableFinished) return Promise.resolve()
  return new Promise((resolve) => {
    socket.once('finish', () => resolve())
    socket.once('close', () => resolve())
  })
}

function bind(server: Server, address: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    // Stays for the life of the server: a failed accept later on must not end the process.
    server.on('error', (cause) => {
      reject(listenError(cause, address))
    })
    server.listen({ host: address.host, port: address.port }, () => {
      const bound = server.address()
      resolve(typeof bound === 'object' && bound ? bound.port : address.port)
    })
  })
}

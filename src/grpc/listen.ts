import { createServer, type Server, type Socket } from 'node:net'
import { type Server as GrpcLibraryServer, ServerCredentials } from '@grpc/grpc-js'
import type { Logger } from '../domain/logger.js'
import { type ListenAddress, listenError } from '../errors/listen-error.js'
import type { IdentitySource, PeerIdentity } from './peer-identity.js'
import { createTlsDoor, peerOf } from './tls/tls-door.js'
import type { TlsSource } from './tls/tls-source.js'

/** Who may connect, and how. */
export interface ListenOptions {
  /** Open connections at once; more are dropped as they come. */
  readonly connectionsMax?: number
  /** Without it the line is plain. */
  readonly tls?: {
    readonly source: TlsSource
    readonly allowedNames: readonly string[]
    readonly logger: Logger
  }
}

/** The port of a gRPC server, and every connection that came through it. */
export interface Listener {
  /** With the real port. */
  readonly address: ListenAddress
  /** Who showed a client certificate on which connection. */
  readonly identityOf: IdentitySource
  /** Takes no new connection. */
  stop(): void
  /** Resolves when this side has sent the end of every connection, whatever the peers do with theirs. */
  ended(): Promise<void>
  /** Cuts the connections that are left; resolves when the last is gone and the port is free. */
  destroy(): Promise<void>
}

/**
 * Listens for a server of grpc-js and hands it each connection. The library could listen itself, but then
 * nobody could cut a peer that leaves its half of a connection open, a shutdown would wait for it for ever,
 * and a refused handshake would leave no trace.
 * Raises FAILED_PRECONDITION naming host and port, as `listenError` says.
 */
export async function listen(
  library: GrpcLibraryServer,
  { host, port }: ListenAddress,
  { connectionsMax, tls }: ListenOptions = {},
): Promise<Listener> {
  /** Everything that was accepted, and of that what was handed over. */
  const accepted = new Set<Socket>()
  const served = new Set<Socket>()
  const identities = new Map<string, PeerIdentity>()
  const injector = library.createConnectionInjector(ServerCredentials.createInsecure())
  const serve = (socket: Socket, identity: PeerIdentity | null): void => {
    const peer = peerOf(socket)
    served.add(socket)
    if (identity) identities.set(peer, identity)
    socket.once('close', () => {
      served.delete(socket)
      identities.delete(peer)
    })
    injector.injectConnection(socket)
  }
  const server = tls
    ? createTlsDoor({ ...tls, onConnection: serve })
    : createServer((socket) => {
        serve(socket, null)
      })
  server.on('connection', (socket: Socket) => {
    accepted.add(socket)
    socket.once('close', () => accepted.delete(socket))
  })
  if (connectionsMax !== undefined) server.maxConnections = connectionsMax
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  return {
    address: { host, port: await bind(server, { host, port }) },
    identityOf: (peer) => identities.get(peer),
    stop() {
      server.close()
    },
    async ended() {
      await Promise.all([...served].map(ending))
    },
    destroy() {
      for (const socket of accepted) socket.destroy()
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

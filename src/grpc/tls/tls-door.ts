import { constants } from 'node:crypto'
import type { Server, Socket } from 'node:net'
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls'
import type { Logger } from '../../domain/logger.js'
import { AppError } from '../../errors/app-error.js'
import { identifyPeer, type PeerIdentity } from '../peer-identity.js'
import { contextOf, type TlsMaterial, type TlsSource } from './tls-source.js'

const HTTP2 = 'h2'
const HANDSHAKE_TIMEOUT_MS = 10_000

/** Who gets past the handshake. */
export interface TlsDoorDeps {
  readonly source: TlsSource
  /** Names of client certificates that may come in; empty: every one that the authorities have signed. */
  readonly allowedNames: readonly string[]
  readonly logger: Logger
  /** A connection that has come through; null identity when no certificate was asked for. */
  readonly onConnection: (socket: TLSSocket, identity: PeerIdentity | null) => void
}

/**
 * A TLS server (1.2 and 1.3, HTTP/2 only) that follows its certificates. With authorities it demands a
 * certificate of each peer. Whoever is refused is in the log with the reason.
 */
export function createTlsDoor({ source, allowedNames, logger, onConnection }: TlsDoorDeps): Server {
  const isMutual = source.current().ca !== null
  const server = createServer({
    ...serverContextOf(source.current()),
    ALPNProtocols: [HTTP2],
    requestCert: isMutual,
    rejectUnauthorized: isMutual,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  })
  source.onChange((material) => {
    server.setSecureContext(serverContextOf(material))
  })
  // Remembered from the beginning: a connection that was refused no longer knows its peer.
  const peers = new WeakMap<Socket, string>()
  server.on('connection', (socket: Socket) => {
    peers.set(socket, peerOf(socket))
  })
  server.on('tlsClientError', (error, socket: TLSSocket & { readonly _parent?: Socket }) => {
    const peer = (socket._parent && peers.get(socket._parent)) ?? peerOf(socket)
    logger.warn({ peer, reason: reasonOf(error, socket) }, 'TLS handshake refused')
  })
  server.on('secureConnection', (socket) => {
    try {
      if (socket.alpnProtocol !== HTTP2) throw notHttp2()
      onConnection(socket, isMutual ? identifyPeer(socket, allowedNames) : null)
    } catch (thrown) {
      const { reason, message } = thrown instanceof AppError ? thrown : notHttp2()
      logger.warn({ peer: peerOf(socket), reason, detail: message }, 'TLS handshake refused')
      socket.destroy()
    }
  })
  return server
}

function serverContextOf(material: TlsMaterial): TlsOptions {
  return {
    ...contextOf(material),
    minVersion: 'TLSv1.2',
    // A ticket would let a peer come back without its certificate being looked at again.
    secureOptions: constants.SSL_OP_NO_TICKET,
  }
}

/** What the verification found, else what OpenSSL calls it, in lower_snake_case. */
function reasonOf(error: Error & { code?: string; reason?: string }, socket: TLSSocket): string {
  // Set before the socket is destroyed for it, although the types speak of an Error.
  const finding: unknown = socket.authorizationError
  const words =
    typeof finding === 'string' ? finding : (error.code ?? error.reason ?? error.message)
  return words
    .replace(/^ERR_SSL_/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
}

/** `address:port`, as grpc-js names a peer. */
export function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
}

function notHttp2(): AppError {
  const message = 'The peer does not speak HTTP/2 (ALPN h2).'
  return new AppError('INVALID_ARGUMENT', 'alpn_not_h2', message)
}

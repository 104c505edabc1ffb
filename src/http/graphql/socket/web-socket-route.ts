import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import type { ClientLabeler } from '../../../domain/client.js'
import { AppError } from '../../../errors/app-error.js'
import { cleanUserAgent } from '../../client-context.js'
import { type CookieNames, readCookies } from '../../cookie.js'
import { crossSiteRequest } from '../../cross-site.js'
import { peerAddress } from '../../peer-address.js'
import { isForeignAsk, type SameSiteDeps } from '../../plugins/same-site.js'
import type { SocketLineHandler, SocketLines } from './socket-line.js'
import { createTabLine, type LineOrigin, type TabLine, type TabLineDeps } from './tab-line.js'
import type { Protocol, ProtocolFactory } from './transport-protocol.js'

/** The protocols by the name under which a client asks for them, in the order of preference. */
export type Protocols = ReadonlyMap<string, ProtocolFactory>

export const PROTOCOL_NAMES = ['graphql-transport-ws', 'graphql-ws'] as const
const PROTOCOL_REFUSED_CODE = 4406
const INIT_TIMEOUT_CODE = 4408
const RETRY_AFTER_SECONDS = 5

export interface WebSocketRouteDeps extends TabLineDeps, SameSiteDeps {
  readonly lines: SocketLines
  readonly clientLabeler: ClientLabeler
  readonly cookies: CookieNames
  /** From the open connection to its accepted `connection_init`, in milliseconds. */
  readonly initTimeoutMs: number
  /** Loaded with the first request. */
  readonly protocols: () => Promise<Protocols>
}

/** The sub-protocol that both sides speak; false when there is none. */
export function chooseProtocol(offered: ReadonlySet<string>): string | false {
  return PROTOCOL_NAMES.find((name) => offered.has(name)) ?? false
}

/**
 * The part of `GET /graphql` that a WebSocket takes. Before the upgrade, another site's page is refused
 * (PERMISSION_DENIED, `cross_site_request`: cookies come along with its WebSockets, too), and everybody while the
 * server is full or going away (UNAVAILABLE, `too_many_connections`, `server_shutdown`), or their address has as many
 * lines as it may (RESOURCE_EXHAUSTED, `too_many_connections_of_address`).
 */
export function createWebSocketRoute(deps: WebSocketRouteDeps) {
  let protocols: Protocols = new Map()
  return {
    async preValidation(request: FastifyRequest): Promise<void> {
      if (!request.ws) return
      if (isForeignAsk(deps, request)) throw crossSiteRequest()
      // Once the socket is open its messages come at once, so what serves them is loaded before. Nothing else is waited
      // for between the question for a place and the moment it is taken.
      protocols = await deps.protocols()
      if (deps.lines.isClosing()) throw unavailable('server_shutdown', 'The server is going away.')
      if (deps.lines.isFull()) {
        throw unavailable('too_many_connections', 'Too many connections are open.')
      }
      if (deps.lines.isAddressFull(peerAddress(request))) {
        const message = 'Too many connections are open from this address.'
        const retry = { retryAfterSeconds: RETRY_AFTER_SECONDS }
        throw new AppError('RESOURCE_EXHAUSTED', 'too_many_connections_of_address', message, retry)
      }
    },
    wsHandler(socket: WebSocket, request: FastifyRequest): void {
      const { id: requestId } = request
      const handler = createHandler(deps, protocols.get(socket.protocol), originOf(deps, request))
      const address = peerAddress(request)
      const origin = { requestId, address, path: '/graphql' }
      deps.lines.adopt(socket, request.raw.socket, handler, origin)
    },
  }
}

function createHandler(
  deps: WebSocketRouteDeps,
  createProtocol: ProtocolFactory | undefined,
  origin: LineOrigin,
): SocketLineHandler {
  const initDeadlineMs = performance.now() + deps.initTimeoutMs
  let open: { readonly tab: TabLine; readonly protocol: Protocol } | null = null
  return {
    receive(line, data, isBinary) {
      if (isBinary) {
        const message = 'GraphQL has text frames only.'
        throw new AppError('INVALID_ARGUMENT', 'binary_not_supported', message)
      }
      if (!open) {
        if (!createProtocol) {
          line.close(PROTOCOL_REFUSED_CODE, 'protocol_unknown')
          return
        }
        const tab = createTabLine(deps, line, origin)
        open = { tab, protocol: createProtocol(line, tab) }
      }
      open.protocol.receive(data.toString())
    },
    tick(line, nowMs) {
      if (!createProtocol) line.close(PROTOCOL_REFUSED_CODE, 'protocol_unknown')
      else if (nowMs >= initDeadlineMs && open?.tab.isInitialised() !== true) {
        line.close(INIT_TIMEOUT_CODE, 'init_timeout')
      }
      open?.tab.tick()
      open?.protocol.tick(nowMs)
    },
    release() {
      open?.protocol.release()
      open?.tab.release()
    },
  }
}

function originOf(deps: WebSocketRouteDeps, request: FastifyRequest): LineOrigin {
  const { client, access } = readCookies(request.headers.cookie, deps.cookies)
  return {
    requestId: request.id,
    client: {
      clientId: client === null ? null : deps.clientLabeler.read(client),
      userAgent: cleanUserAgent(request.headers['user-agent']),
      address: peerAddress(request),
    },
    accessCookie: access,
  }
}

function unavailable(reason: string, message: string): AppError {
  return new AppError('UNAVAILABLE', reason, message, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}

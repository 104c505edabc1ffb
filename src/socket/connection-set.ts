import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import type { Logger } from '../domain/logger.js'
import type { Hub } from '../realtime/hub.js'
import { type AddressQuota, tooManyOfAddress } from './address-quota.js'
import { refusedFrameCode } from './close-frame.js'
import { type ConnectionHandler, type ConnectionShared, SocketConnection } from './connection.js'
import { sendAwayPaced } from './drain.js'

const TICKS_PER_TIMEOUT = 4
const TICK_MS_MIN = 5
const TICK_MS_MAX = 1_000

/** Where a connection came from, for the log line that ties its id to the request. */
export interface ConnectionOrigin {
  readonly requestId: string
  readonly address: string
  readonly path: string
}

/** All WebSockets of one service, from the upgrade until the socket is gone. */
export interface ConnectionSet {
  /**
   * Takes an upgraded socket over, and what it is on. It is closed at once when the hub or its address is full, and when
   * the set is closing.
   */
  adopt(socket: WebSocket, net: Socket, handler: ConnectionHandler, origin: ConnectionOrigin): void
  isClosing(): boolean
  /**
   * Sends every connection away, in random order over the drain window, waits for the peers to answer, and cuts those
   * that have not within the close timeout, or by the time that is given for all. Nothing is open when it resolves.
   */
  close(): Promise<void>
}

export interface ConnectionSetDeps {
  readonly hub: Hub
  readonly addresses: AddressQuota
  readonly shared: ConnectionShared
  /** The shortest duration that the timer has to notice, in milliseconds. */
  readonly shortestTimeoutMs: number
  /** Over how long connections are sent away at the end, in milliseconds. */
  readonly drainWindowMs: number
  /** From the beginning of the end until whoever is still there is cut, in milliseconds. */
  readonly drainDeadlineMs: number
}

/** Creates an empty set. Its one timer serves all connections and runs only while there is one. */
export function createConnectionSet(deps: ConnectionSetDeps): ConnectionSet {
  const { hub, shared } = deps
  const tickMs = tickInterval(deps.shortestTimeoutMs)
  const connections = new Map<WebSocket, SocketConnection>()
  let timer: NodeJS.Timeout | undefined
  let closing = false
  let whenEmpty = (): void => {}

  const listen = createListeners(connections, shared.logger, (connection) => {
    hub.remove(connection)
    deps.addresses.leave(connection.address)
    if (connections.size > 0) return
    clearInterval(timer)
    timer = undefined
    whenEmpty()
  })

  function tick(): void {
    const nowMs = performance.now()
    for (const connection of connections.values()) connection.tick(nowMs)
  }

  function adopt(
    socket: WebSocket,
    net: Socket,
    handler: ConnectionHandler,
    origin: ConnectionOrigin,
  ): void {
    const connection = new SocketConnection({
      id: randomUUID(),
      address: origin.address,
      socket,
      net,
      handler,
      shared,
      nowMs: performance.now(),
    })
    connections.set(socket, connection)
    const isWithin = deps.addresses.enter(origin.address)
    listen(socket)
    timer ??= setInterval(tick, tickMs)
    shared.logger.info({ connectionId: connection.id, ...origin }, 'socket opened')
    if (closing) {
      connection.sendAway()
      return
    }
    try {
      if (!isWithin) throw tooManyOfAddress()
      hub.add(connection)
    } catch (error) {
      connection.fail(error)
    }
  }

  async function close(): Promise<void> {
    closing = true
    if (connections.size === 0) return
    const emptied = new Promise<void>((resolve) => {
      whenEmpty = resolve
    })
    const { drainWindowMs, drainDeadlineMs } = deps
    // The shared timer may come too late when everybody parts at once.
    const cutAfterMs = Math.min(drainWindowMs + shared.limits.closeTimeoutMs, drainDeadlineMs)
    const cut = setTimeout(() => {
      for (const connection of connections.values()) connection.cut()
    }, cutAfterMs)
    try {
      await sendAwayPaced([...connections.values()], drainWindowMs)
      await emptied
    } finally {
      clearTimeout(cut)
    }
  }

  return { adopt, isClosing: () => closing, close }
}

/**
 * Creates what ties a socket to its connection. The listeners are shared by all sockets and find their
 * connection by `this`, so that a connection costs no closure.
 */
function createListeners(
  connections: Map<WebSocket, SocketConnection>,
  logger: Logger,
  onGone: (connection: SocketConnection) => void,
): (socket: WebSocket) => void {
  function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
    connections.get(this)?.received(toBuffer(data), isBinary)
  }
  function onPing(this: WebSocket): void {
    connections.get(this)?.pinged()
  }
  function onPong(this: WebSocket): void {
    connections.get(this)?.ponged()
  }
  // ws has sent the close frame that belongs to the error (1002, 1007, 1009) and emits `close` after it.
  function onError(this: WebSocket, error: Error): void {
    const connection = connections.get(this)
    const code = refusedFrameCode(error)
    if (code !== null) connection?.refusedFrame(code)
    logger.debug({ connectionId: connection?.id, err: error }, 'socket error')
  }
  function onClose(this: WebSocket, code: number): void {
    const connection = connections.get(this)
    if (!connection) return
    connections.delete(this)
    logger.info({ connectionId: connection.id, code: connection.closed(code) }, 'socket closed')
    onGone(connection)
  }
  return (socket) => {
    // The listener that is there holds the upgrade request and its reply for as long as the socket lives.
    socket.removeAllListeners('error')
    socket.on('error', onError).on('message', onMessage).on('close', onClose)
    socket.on('ping', onPing).on('pong', onPong)
  }
}

/** How often a timer has to look to notice durations of this length, in milliseconds. */
export function tickInterval(shortestTimeoutMs: number): number {
  const tickMs = Math.ceil(shortestTimeoutMs / TICKS_PER_TIMEOUT)
  return Math.min(Math.max(tickMs, TICK_MS_MIN), TICK_MS_MAX)
}

/** ws gives one Buffer with its default `binaryType`; the type admits two other forms. */
function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}

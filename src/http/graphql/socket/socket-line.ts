import type { Socket } from 'node:net'
import type { WebSocket } from '@fastify/websocket'

/** An open WebSocket as the protocols see it. */
export interface SocketLine {
  readonly id: string
  /** False from the first moment of a close by either side. */
  isOpen(): boolean
  /** Queues one text message. False when it was not accepted: the line is closing. */
  send(message: string): boolean
  /** Closes with a code and a reason. Safe to call twice. */
  close(code: number, reason: string): void
}

/** What a protocol does with its line. */
export interface SocketLineHandler {
  /** One data frame, in the order of arrival. An AppError thrown here closes the line with its code. */
  receive(line: SocketLine, data: Buffer, isBinary: boolean): void
  /** Now and then, in monotonic milliseconds. */
  tick(line: SocketLine, nowMs: number): void
  /** Once, the moment the line begins to close or is found closed. */
  release(line: SocketLine): void
}

/**
 * The open WebSockets of the service, with their bounds on size, rate, silence and what waits for a slow peer.
 */
export interface SocketLines {
  /** Takes an upgraded socket over, and what it is on. */
  adopt(
    socket: WebSocket,
    net: Socket,
    handler: SocketLineHandler,
    origin: { readonly requestId: string; readonly address: string; readonly path: string },
  ): void
  /** Whether one more would be too many. */
  isFull(): boolean
  /** Whether one more of this address would be too many. */
  isAddressFull(address: string): boolean
  isClosing(): boolean
  /** Closes every line with 1001 and waits for them. */
  close(): Promise<void>
}

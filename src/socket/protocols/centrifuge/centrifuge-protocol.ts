import { AppError } from '../../../errors/app-error.js'
import type { CloseCause, CloseFrame } from '../../client-line.js'
import type { ConnectionHandler, SocketConnection } from '../../connection.js'
import { CentrifugeClient } from './centrifuge-client.js'
import type { CentrifugeDeps, CentrifugeOptions } from './centrifuge-deps.js'
import { disconnectOf } from './code.js'
import { WEBSOCKET_ENCODER } from './reply.js'

/**
 * The Centrifuge client protocol on one WebSocket. `credential` is the access token that came as a cookie, when there
 * is one that may be used.
 */
export function createCentrifugeProtocol(
  deps: CentrifugeDeps,
  options: CentrifugeOptions,
  credential: string | null,
): ConnectionHandler {
  return new CentrifugeProtocol(deps, options, credential)
}

class CentrifugeProtocol implements ConnectionHandler {
  readonly watchesLife = true
  readonly #deps: CentrifugeDeps
  readonly #options: CentrifugeOptions
  readonly #credential: string | null
  #client: CentrifugeClient | null = null

  constructor(deps: CentrifugeDeps, options: CentrifugeOptions, credential: string | null) {
    this.#deps = deps
    this.#options = options
    this.#credential = credential
  }

  receive(connection: SocketConnection, data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      const message = 'This protocol has text frames only.'
      throw new AppError('INVALID_ARGUMENT', 'binary_not_supported', message)
    }
    this.#clientOf(connection).receive(data.toString())
  }

  tick(connection: SocketConnection, nowMs: number): void {
    this.#clientOf(connection).tick(nowMs)
  }

  closeFrame(cause: CloseCause): CloseFrame {
    return disconnectOf(cause)
  }

  release(): void {
    this.#client?.release()
  }

  #clientOf(connection: SocketConnection): CentrifugeClient {
    this.#client ??= new CentrifugeClient(this.#deps, this.#options, connection, {
      credential: this.#credential,
      encoder: WEBSOCKET_ENCODER,
      session: null,
    })
    return this.#client
  }
}

import type { Clock } from '../../domain/clock.js'
import type { Principal } from '../../domain/session.js'
import { AppError, toAppError, unauthenticated } from '../../errors/app-error.js'
import { ERROR_TABLE } from '../../errors/code.js'
import type { Hub } from '../../realtime/hub.js'
import type { SessionHandles } from '../../realtime/session-handles.js'
import type { AuthenticationService } from '../../service/authentication-service.js'
import type { CloseCause, CloseFrame } from '../client-line.js'
import { closeFrameOf } from '../close-frame.js'
import type { ConnectionHandler, SocketConnection } from '../connection.js'
import { parsePushFrame, type PushFrame } from './push-frame.js'

/** Frames that may wait while a token is being checked. With their maximum size they bound the memory. */
export const PENDING_FRAMES_MAX = 64

export interface PushProtocolDeps {
  readonly hub: Hub
  readonly sessionHandles: SessionHandles
  readonly authentication: AuthenticationService
  readonly clock: Clock
}

/** A frame that waits for its turn, also when it is already known to be refused. */
type PendingFrame = PushFrame | { readonly kind: 'refused'; readonly error: AppError }

/** Durations in milliseconds. */
export interface PushProtocolOptions {
  /** From the open connection to its first accepted registration. Traffic does not extend it. */
  readonly registrationTimeoutMs: number
  /** How long a connection outlives the newest access token that was shown on it. */
  readonly tokenGraceMs: number
}

/**
 * The simple push protocol of one connection: registrations in, bare text messages out. A connection
 * belongs to the session of its latest registration and ends with it.
 */
export function createPushProtocol(
  deps: PushProtocolDeps,
  options: PushProtocolOptions,
): ConnectionHandler {
  return new PushProtocol(deps, options)
}

class PushProtocol implements ConnectionHandler {
  readonly #deps: PushProtocolDeps
  readonly #tokenGraceMs: number
  readonly #registrationDeadlineMs: number
  readonly #pending: PendingFrame[] = []
  #busy = false
  #principal: Principal | null = null
  #detach: () => void = () => {}

  constructor(deps: PushProtocolDeps, options: PushProtocolOptions) {
    this.#deps = deps
    this.#tokenGraceMs = options.tokenGraceMs
    this.#registrationDeadlineMs = performance.now() + options.registrationTimeoutMs
  }

  receive(connection: SocketConnection, data: Buffer, isBinary: boolean): void {
    if (this.#pending.length >= PENDING_FRAMES_MAX) {
      const message = 'Too many registrations wait to be checked.'
      throw new AppError('RESOURCE_EXHAUSTED', 'too_many_pending', message)
    }
    this.#pending.push(readFrame(data, isBinary))
    if (!this.#busy) void this.#work(connection)
  }

  tick(connection: SocketConnection, nowMs: number): void {
    if (this.#principal === null) {
      if (nowMs < this.#registrationDeadlineMs) return
      connection.close(ERROR_TABLE.DEADLINE_EXCEEDED.closeCode, 'registration_timeout')
      return
    }
    const endsAt = this.#principal.tokenExpiresAt + this.#tokenGraceMs
    if (this.#deps.clock.now() < endsAt) return
    connection.fail(unauthenticated('token_expired', 'The access token has expired.'))
  }

  closeFrame(cause: CloseCause): CloseFrame {
    return closeFrameOf(cause)
  }

  release(connection: SocketConnection): void {
    this.#pending.length = 0
    this.#deps.hub.unregister(connection)
    this.#detach()
    this.#detach = () => {}
  }

  /** Takes the waiting frames one after the other, because checking a token takes time. Never rejects. */
  async #work(connection: SocketConnection): Promise<void> {
    this.#busy = true
    try {
      for (let frame = this.#pending.shift(); frame; frame = this.#pending.shift()) {
        if (frame.kind === 'refused') throw frame.error
        if (frame.kind === 'register') await this.#register(connection, frame)
        else this.#unregister(connection, frame)
      }
    } catch (error) {
      connection.fail(error)
    } finally {
      this.#busy = false
    }
  }

  async #register(
    connection: SocketConnection,
    frame: PushFrame & { kind: 'register' },
  ): Promise<void> {
    const { authentication, hub } = this.#deps
    let principal = await authentication.authenticate(frame.token)
    if (!connection.isOpen()) return
    if (principal.sessionId !== this.#principal?.sessionId) {
      const detachPrevious = this.#detach
      const detach = this.#attach(connection, principal.sessionId)
      this.#detach = () => {
        detachPrevious()
        detach()
      }
      // The session may have ended after the check and before the handle was there to hear of it. With the
      // handle in place a second check leaves no such gap.
      principal = await authentication.authenticate(frame.token)
      if (!connection.isOpen()) return
      detachPrevious()
      this.#detach = detach
    }
    const { userId, sessionId } = principal
    hub.register(connection, { userId, sessionId, event: frame.event })
    this.#remember(principal)
    if (frame.ack) connection.send(JSON.stringify({ registered: frame.event }))
  }

  #unregister(connection: SocketConnection, frame: PushFrame & { kind: 'unregister' }): void {
    if (this.#principal === null) {
      const message = 'A connection registers before it unregisters.'
      throw new AppError('FAILED_PRECONDITION', 'not_registered', message)
    }
    this.#deps.hub.unregister(connection, frame.event)
    if (frame.ack) connection.send(JSON.stringify({ unregistered: frame.event }))
  }

  #attach(connection: SocketConnection, sessionId: string): () => void {
    return this.#deps.sessionHandles.attach(sessionId, {
      end: (ended) => connection.close(ERROR_TABLE.UNAUTHENTICATED.closeCode, ended.reason),
    })
  }

  /** An older token of the same session, shown again, must not shorten what a newer one has proved. */
  #remember(principal: Principal): void {
    const known = this.#principal
    const isOlder =
      known?.sessionId === principal.sessionId && known.tokenExpiresAt > principal.tokenExpiresAt
    if (!isOlder) this.#principal = principal
  }
}

/** Parsed on arrival, so that a waiting frame does not keep the network buffer it came in. */
function readFrame(data: Buffer, isBinary: boolean): PendingFrame {
  try {
    if (!isBinary) return parsePushFrame(data)
    const message = 'This protocol has text frames only.'
    throw new AppError('INVALID_ARGUMENT', 'binary_not_supported', message)
  } catch (error) {
    return { kind: 'refused', error: toAppError(error) }
  }
}

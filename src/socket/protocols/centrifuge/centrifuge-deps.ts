import type { ChannelBroker, PresenceStore } from '../../../domain/channel-broker.js'
import type { Clock } from '../../../domain/clock.js'
import type { Logger } from '../../../domain/logger.js'
import type { Principal } from '../../../domain/session.js'
import type { SubscriptionTokens } from '../../../domain/subscription-token.js'
import type { UserRole } from '../../../domain/user.js'
import type { BatchEncoder } from '../../../realtime/batch.js'
import type { Channels } from '../../../realtime/channels.js'
import type { ClientRegistry } from '../../../realtime/client-registry.js'
import type { Namespaces } from '../../../realtime/namespace.js'
import type { PresenceKeeper } from '../../../realtime/presence-keeper.js'
import type { SessionHandles } from '../../../realtime/session-handles.js'
import type { AuthenticationService } from '../../../service/authentication-service.js'

/** Who is at the other end of a connection. */
export interface ClientIdentity {
  /** Empty for an anonymous connection. */
  readonly userId: string
  readonly sessionId: string | null
  readonly role: UserRole | null
  /** When the connection expires, in milliseconds since the epoch; Infinity for an anonymous one. */
  readonly expiresAt: number
}

/**
 * A method that clients may call with `rpc`. Gets JSON text, or null, and answers with JSON text. What it raises
 * becomes the error of the reply.
 */
export type RpcMethod = (data: string | null, caller: ClientIdentity) => Promise<string>

export interface CentrifugeDeps {
  readonly processId: string
  readonly authentication: AuthenticationService
  readonly sessionHandles: SessionHandles
  readonly subscriptionTokens: SubscriptionTokens
  readonly namespaces: Namespaces
  readonly channels: Channels
  readonly channelBroker: ChannelBroker
  readonly presence: PresenceStore
  readonly presenceKeeper: PresenceKeeper
  readonly clients: ClientRegistry
  readonly clock: Clock
  readonly logger: Logger
  readonly rpc: ReadonlyMap<string, RpcMethod>
  /** What a client sends without waiting for a reply; dropped when not given. */
  readonly onMessage?: (data: string, caller: ClientIdentity) => void
  /** Told of the code of every error in a reply. */
  readonly onReplyError?: (code: number) => void
}

/** Durations in milliseconds. */
export interface CentrifugeOptions {
  /** From the open connection to an accepted connect command. */
  readonly registrationTimeoutMs: number
  /** How long a connection outlives its access token, and a subscription its token. */
  readonly tokenGraceMs: number
  readonly pingIntervalMs: number
  /** How long the answer to a ping may take. */
  readonly pongTimeoutMs: number
  /** After 80 to 100 % of this the client is asked to come back; 0: never. */
  readonly rotationMs: number
  /** Whether a connection without a token is let in. */
  readonly anonymous: boolean
  /** Channel connections of one user over all processes; 0 for any number. */
  readonly connectionsPerUserMax: number
  readonly subscriptionsPerConnectionMax: number
  /** Publications that one history request brings. */
  readonly historyLimitMax: number
}

/** What a transport knows of a connection before its first command. */
export interface ClientOrigin {
  /** The access token that came as a cookie; null when there is none that may be used. */
  readonly credential: string | null
  /** How batches are written on the line. */
  readonly encoder: BatchEncoder
  /** The secret name for clients that send by separate requests; null for others. */
  readonly session: string | null
}

/** The identity that an access token proves. */
export function identityOf(principal: Principal): ClientIdentity {
  const { userId, sessionId, role, tokenExpiresAt } = principal
  return { userId, sessionId, role, expiresAt: tokenExpiresAt }
}

export const ANONYMOUS: ClientIdentity = {
  userId: '',
  sessionId: null,
  role: null,
  expiresAt: Infinity,
}

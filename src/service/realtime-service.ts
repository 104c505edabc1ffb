import type {
  ClientInfo,
  HistoryPage,
  PresenceStats,
  StreamPosition,
} from '../domain/channel-broker.js'

/** How much the answer to a publish says about its delivery. */
export const RECEIPTS = ['none', 'nodes', 'written'] as const
export type Receipt = (typeof RECEIPTS)[number]

export interface PublishRequest {
  readonly channel: string
  /** JSON text. */
  readonly data: string
  readonly skipHistory?: boolean
  readonly idempotencyKey?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly receipt?: Receipt
}

/** What became of a publication, over all processes that answered in time. */
export interface DeliveryReceipt {
  readonly processes: {
    readonly asked: number
    readonly answered: number
    readonly missing: readonly string[]
  }
  /** Connections that the publication was handed to; 0 under `nodes`. */
  readonly written: number
  /** Of those, how many still had it in their queue. */
  readonly queued: number
  /** Connections that did not get it, because they were over their bound. */
  readonly dropped: number
}

export interface PublishAnswer {
  /** Null on a channel without history. */
  readonly position: StreamPosition | null
  readonly duplicate: boolean
  /** Present when a receipt was asked for. */
  readonly receipt?: DeliveryReceipt
}

/** Which connections of a user: all, or those of one session, or one connection. */
export interface ConnectionTarget {
  readonly userId: string
  readonly connectionId?: string
  readonly sessionId?: string
}

/** How many connections an operation reached, and which processes did not say. */
export interface Reach {
  readonly connections: number
  readonly processes: {
    readonly asked: number
    readonly answered: number
    readonly missing: readonly string[]
  }
}

export interface HistoryRequest {
  readonly channel: string
  /** Null: the whole stream. */
  readonly since: StreamPosition | null
  readonly limit: number
  readonly reverse: boolean
}

/** One process as `info` shows it. */
export interface ProcessInfo {
  readonly processId: string
  readonly connections: number
  readonly users: number
  readonly subscriptions: number
  readonly channels: number
  readonly uptimeSeconds: number
}

/**
 * What servers do with channels and connections: the operations of `POST /api/*` and of gRPC `RealtimeService`.
 * Every channel is checked: INVALID_ARGUMENT (`channel_invalid`), NOT_FOUND (`namespace_unknown`), and FAILED_PRECONDITION
 * (`history_disabled`, `presence_disabled`), all naming the channel; UNAVAILABLE when the broker cannot be asked.
 */
export interface RealtimeService {
  publish(request: PublishRequest): Promise<PublishAnswer>
  /** The same data to several channels (1 to 1,000); each has its own outcome, an AppError among them. */
  broadcast(
    request: Omit<PublishRequest, 'channel'> & { readonly channels: readonly string[] },
  ): Promise<readonly (PublishAnswer | Error)[]>
  /** Subscribes the user's connections from the server side. */
  subscribe(target: ConnectionTarget, channel: string): Promise<Reach>
  /** Raises nothing when nobody was subscribed. */
  unsubscribe(target: ConnectionTarget, channel: string): Promise<Reach>
  /** Closes connections with a disconnect code of the client protocol (3000 to 4999) and a reason. */
  disconnect(
    target: ConnectionTarget,
    disconnect?: { readonly code: number; readonly reason: string },
  ): Promise<Reach>
  presence(channel: string): Promise<readonly ClientInfo[]>
  presenceStats(channel: string): Promise<PresenceStats>
  history(request: HistoryRequest): Promise<HistoryPage>
  removeHistory(channel: string): Promise<void>
  info(): Promise<{ readonly nodes: readonly ProcessInfo[]; readonly missing: readonly string[] }>
}

import type { Broker, ClientOrder } from '../domain/broker.js'
import type {
  ChannelBroker,
  ClientInfo,
  HistoryPage,
  PresenceStats,
  PresenceStore,
  StreamPosition,
} from '../domain/channel-broker.js'
import { invalidArgument, toAppError } from '../errors/app-error.js'
import {
  type Channel,
  type Namespaces,
  requireHistory,
  requirePresence,
} from '../realtime/namespace.js'
import { publishTo } from '../realtime/publish.js'
import { takeReceipt } from '../realtime/receipt-log.js'
import { randomId } from '../util/random-id.js'
import type { DeliveryReceipt, Receipt } from './receipt.js'
import { collectReceipt } from './receipt-collector.js'

export { type DeliveryReceipt, type Receipt, RECEIPTS } from './receipt.js'

export interface PublishRequest {
  readonly channel: string
  /** JSON text. */
  readonly data: string
  readonly skipHistory?: boolean
  readonly idempotencyKey?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly receipt?: Receipt
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

/** The most publications that one history request brings. */
export const HISTORY_LIMIT_MAX = 10_000
/** The most channels of one broadcast. */
export const BROADCAST_CHANNELS_MAX = 1_000
/** The most connections that a presence request lists. */
export const PRESENCE_LIMIT = 10_000
/** What `disconnect` says when nothing else is asked for: do not come back. */
export const DISCONNECT_DEFAULT = { code: 3503, reason: 'force disconnect' } as const
const DISCONNECT_CODE_MIN = 3_000
const DISCONNECT_CODE_MAX = 4_999
const DISCONNECT_REASON_BYTES_MAX = 123
const TARGET_BYTES_MAX = 256
const BROADCAST_CHUNK = 50

export interface RealtimeServiceDeps {
  readonly namespaces: Namespaces
  readonly channelBroker: ChannelBroker
  readonly presence: PresenceStore
  readonly broker: Broker
  /** How long to wait for the other processes to answer. */
  readonly surveyTimeoutMs: number
}

export function createRealtimeService(deps: RealtimeServiceDeps): RealtimeService {
  const { namespaces, channelBroker, presence } = deps
  return {
    publish: (request) => publish(deps, request),
    broadcast: (request) => broadcast(deps, request),
    async subscribe(target, channel) {
      namespaces.find(channel)
      return order(deps, target, { action: 'subscribe', channel })
    },
    async unsubscribe(target, channel) {
      namespaces.find(channel)
      return order(deps, target, { action: 'unsubscribe', channel })
    },
    async disconnect(target, disconnect = DISCONNECT_DEFAULT) {
      checkDisconnect(disconnect)
      return order(deps, target, { action: 'disconnect', ...disconnect })
    },
    async presence(channel) {
      requirePresence(namespaces.find(channel))
      return presence.list(channel, PRESENCE_LIMIT)
    },
    async presenceStats(channel) {
      requirePresence(namespaces.find(channel))
      return presence.stats(channel)
    },
    history: (request) => readHistory(deps, request),
    async removeHistory(channel) {
      requireHistory(namespaces.find(channel))
      await channelBroker.removeHistory(channel)
    },
    async info() {
      const survey = await deps.broker.survey('process_info', {}, deps.surveyTimeoutMs)
      return { nodes: survey.answers, missing: survey.missing }
    },
  }
}

async function publish(deps: RealtimeServiceDeps, request: PublishRequest): Promise<PublishAnswer> {
  return publishOn(deps, deps.namespaces.find(request.channel), request)
}

async function publishOn(
  deps: RealtimeServiceDeps,
  channel: Channel,
  request: Omit<PublishRequest, 'channel'>,
): Promise<PublishAnswer> {
  const { receipt = 'none', ...publication } = request
  const receiptId = randomId()
  const outcome = await publishTo(deps.channelBroker, channel, {
    ...publication,
    ...(receipt === 'none' ? {} : { receiptId }),
  })
  if (receipt === 'none') return outcome
  return {
    ...outcome,
    receipt: await collectReceipt(
      // What was published before is not delivered again: there is nothing to wait for.
      { broker: deps.broker, timeoutMs: outcome.duplicate ? 0 : deps.surveyTimeoutMs },
      { receiptId, channel: channel.name.channel, kind: receipt },
    ),
  }
}

async function broadcast(
  deps: RealtimeServiceDeps,
  { channels, ...request }: Parameters<RealtimeService['broadcast']>[0],
): Promise<readonly (PublishAnswer | Error)[]> {
  if (channels.length === 0 || channels.length > BROADCAST_CHANNELS_MAX) {
    const message = `A broadcast has 1 to ${BROADCAST_CHANNELS_MAX} channels.`
    throw invalidArgument(message, [{ path: 'channels', message }])
  }
  const answers: (PublishAnswer | Error)[] = []
  for (let start = 0; start < channels.length; start += BROADCAST_CHUNK) {
    const chunk = channels.slice(start, start + BROADCAST_CHUNK).map(async (channel) => {
      try {
        return await publish(deps, { ...request, channel })
      } catch (error) {
        return toAppError(error)
      }
    })
    answers.push(...(await Promise.all(chunk)))
  }
  return answers
}

async function readHistory(
  { namespaces, channelBroker }: RealtimeServiceDeps,
  { channel, since, limit, reverse }: HistoryRequest,
): Promise<HistoryPage> {
  requireHistory(namespaces.find(channel))
  if (!Number.isInteger(limit) || limit < 0 || limit > HISTORY_LIMIT_MAX) {
    const message = `A history request brings 0 to ${HISTORY_LIMIT_MAX} publications.`
    throw invalidArgument(message, [{ path: 'limit', message }])
  }
  const page = await channelBroker.history(channel, { since, limit, reverse })
  const publications = page.publications.map((kept) => takeReceipt(kept).publication)
  return { publications, position: page.position }
}

/** What is to be done with the connections of a target. */
type Action =
  | { readonly action: 'subscribe' | 'unsubscribe'; readonly channel: string }
  | { readonly action: 'disconnect'; readonly code: number; readonly reason: string }

async function order(
  { broker, surveyTimeoutMs }: RealtimeServiceDeps,
  { userId, connectionId, sessionId }: ConnectionTarget,
  action: Action,
): Promise<Reach> {
  const names = { userId, connectionId: connectionId ?? null, sessionId: sessionId ?? null }
  for (const [path, value] of Object.entries(names)) {
    if (value === null || (value !== '' && Buffer.byteLength(value) <= TARGET_BYTES_MAX)) continue
    const message = `1 to ${TARGET_BYTES_MAX} bytes.`
    throw invalidArgument(`"${path}" is not acceptable.`, [{ path, message }])
  }
  const request: ClientOrder = {
    userId,
    ...(connectionId === undefined ? {} : { connectionId }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...action,
  }
  const survey = await broker.survey('clients', request, surveyTimeoutMs)
  return {
    connections: survey.answers.reduce((sum, { connections }) => sum + connections, 0),
    processes: {
      asked: survey.asked,
      answered: survey.answers.length,
      missing: survey.missing,
    },
  }
}

function checkDisconnect({ code, reason }: { code: number; reason: string }): void {
  const isCode =
    Number.isInteger(code) && code >= DISCONNECT_CODE_MIN && code <= DISCONNECT_CODE_MAX
  if (!isCode) {
    const message = `A disconnect code is ${DISCONNECT_CODE_MIN} to ${DISCONNECT_CODE_MAX}.`
    throw invalidArgument(message, [{ path: 'disconnect.code', message }])
  }
  if (Buffer.byteLength(reason) > DISCONNECT_REASON_BYTES_MAX) {
    const message = `A reason has at most ${DISCONNECT_REASON_BYTES_MAX} bytes.`
    throw invalidArgument(message, [{ path: 'disconnect.reason', message }])
  }
}

import type { ClientInfo, Publication } from '../../domain/channel-broker.js'
import { type AppError, invalidArgument, toAppError } from '../../errors/app-error.js'
import type {
  DeliveryReceipt,
  PublishAnswer,
  RealtimeService,
  Receipt,
} from '../../service/realtime-service.js'
import type { BroadcastOutcome } from '../generated/gatehouse/v1/BroadcastOutcome.js'
import type { BroadcastRequest__Output } from '../generated/gatehouse/v1/BroadcastRequest.js'
import type { BroadcastResponse } from '../generated/gatehouse/v1/BroadcastResponse.js'
import type { ClientInfo as ClientInfoMessage } from '../generated/gatehouse/v1/ClientInfo.js'
import type { DeliveryReceipt as DeliveryReceiptMessage } from '../generated/gatehouse/v1/DeliveryReceipt.js'
import type { DisconnectRequest__Output } from '../generated/gatehouse/v1/DisconnectRequest.js'
import type { DisconnectResponse } from '../generated/gatehouse/v1/DisconnectResponse.js'
import type { HistoryRequest__Output } from '../generated/gatehouse/v1/HistoryRequest.js'
import type { HistoryResponse } from '../generated/gatehouse/v1/HistoryResponse.js'
import type { PresenceRequest__Output } from '../generated/gatehouse/v1/PresenceRequest.js'
import type { PresenceResponse } from '../generated/gatehouse/v1/PresenceResponse.js'
import type { Processes } from '../generated/gatehouse/v1/Processes.js'
import type { Publication as PublicationMessage } from '../generated/gatehouse/v1/Publication.js'
import type { PublishRequest__Output } from '../generated/gatehouse/v1/PublishRequest.js'
import type { PublishResponse } from '../generated/gatehouse/v1/PublishResponse.js'
import type { UnaryHandler } from '../unary.js'

const CHANNELS_MAX = 1_000
const HISTORY_MAX = 1_000
const DISCONNECT_CODE_MIN = 3_000
const DISCONNECT_CODE_MAX = 4_999
const DISCONNECT_REASON_BYTES_MAX = 123
const DISCONNECT_REASON = 'disconnected'
/** By the numbers of the enum `Receipt`. */
const RECEIPT_BY_NUMBER: readonly Receipt[] = ['none', 'nodes', 'written']

export interface RealtimeHandlers {
  readonly publish: UnaryHandler<PublishRequest__Output, PublishResponse>
  readonly broadcast: UnaryHandler<BroadcastRequest__Output, BroadcastResponse>
  readonly presence: UnaryHandler<PresenceRequest__Output, PresenceResponse>
  readonly history: UnaryHandler<HistoryRequest__Output, HistoryResponse>
  readonly disconnect: UnaryHandler<DisconnectRequest__Output, DisconnectResponse>
}

/** `gatehouse.v1.RealtimeService`: each method is one call of the realtime service. */
export function createRealtimeHandlers({
  realtime,
}: {
  realtime: RealtimeService
}): RealtimeHandlers {
  return {
    async publish(request) {
      const { channel } = request
      return toPublishResponse(await realtime.publish({ channel, ...publicationOf(request) }))
    },
    async broadcast(request) {
      const { channels } = request
      if (channels.length === 0 || channels.length > CHANNELS_MAX) {
        throw wrongInput('channels', `1 to ${CHANNELS_MAX} channels.`)
      }
      const outcomes = await realtime.broadcast({ channels, ...publicationOf(request) })
      return { outcomes: outcomes.map(toOutcome) }
    },
    async presence({ channel }) {
      return { clients: (await realtime.presence(channel)).map(toClientInfo) }
    },
    async history({ channel, since, limit, reverse }) {
      if (limit > HISTORY_MAX) throw wrongInput('limit', `0 to ${HISTORY_MAX}.`)
      const page = await realtime.history({ channel, since, limit, reverse })
      return { publications: page.publications.map(toPublication), position: page.position }
    },
    async disconnect(request) {
      const { userId, connectionId, sessionId } = request
      if (userId === '') throw wrongInput('user_id', 'The user whose connections are closed.')
      const target = {
        userId,
        ...(connectionId === '' ? {} : { connectionId }),
        ...(sessionId === '' ? {} : { sessionId }),
      }
      const { connections, processes } = await realtime.disconnect(target, disconnectOf(request))
      return { connections, processes: toProcesses(processes) }
    },
  }
}

type PublicationFields = Pick<
  PublishRequest__Output,
  'data' | 'skipHistory' | 'idempotencyKey' | 'tags' | 'receipt'
>

/** What a publish and a broadcast have in common; what is empty on the wire was not given. */
function publicationOf({ data, skipHistory, idempotencyKey, tags, receipt }: PublicationFields) {
  if (!isJson(data)) throw wrongInput('data', 'The data must be JSON text.')
  const wanted = RECEIPT_BY_NUMBER[Number(receipt)]
  if (wanted === undefined) throw wrongInput('receipt', 'One of the values of Receipt.')
  return {
    data,
    skipHistory,
    ...(idempotencyKey === '' ? {} : { idempotencyKey }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(wanted === 'none' ? {} : { receipt: wanted }),
  }
}

function disconnectOf({
  code,
  reason,
}: DisconnectRequest__Output): { code: number; reason: string } | undefined {
  if (code === 0 && reason === '') return undefined
  if (code < DISCONNECT_CODE_MIN || code > DISCONNECT_CODE_MAX) {
    throw wrongInput('code', `${DISCONNECT_CODE_MIN} to ${DISCONNECT_CODE_MAX}.`)
  }
  if (Buffer.byteLength(reason) > DISCONNECT_REASON_BYTES_MAX) {
    throw wrongInput('reason', `At most ${DISCONNECT_REASON_BYTES_MAX} bytes.`)
  }
  return { code, reason: reason === '' ? DISCONNECT_REASON : reason }
}

function toPublishResponse({ position, duplicate, receipt }: PublishAnswer): PublishResponse {
  return { position, duplicate, ...(receipt ? { receipt: toReceipt(receipt) } : {}) }
}

function toReceipt(receipt: DeliveryReceipt): DeliveryReceiptMessage {
  const { processes, written, queued, dropped } = receipt
  return { processes: toProcesses(processes), written, queued, dropped }
}

function toProcesses({ asked, answered, missing }: DeliveryReceipt['processes']): Processes {
  return { asked, answered, missing: [...missing] }
}

/** One failed channel must not tell more than a failed call would. */
function toOutcome(outcome: PublishAnswer | Error): BroadcastOutcome {
  if (!(outcome instanceof Error)) return { published: toPublishResponse(outcome) }
  const { code, reason, message } = toAppError(outcome)
  return { failure: { code, reason, message } }
}

function toClientInfo(info: ClientInfo): ClientInfoMessage {
  const { connectionId, userId, connectionInfo, channelInfo } = info
  return {
    connectionId,
    userId,
    connectionInfo: connectionInfo ?? '',
    channelInfo: channelInfo ?? '',
  }
}

function toPublication({ offset, data, info, tags }: Publication): PublicationMessage {
  return {
    offset,
    data,
    ...(info ? { info: toClientInfo(info) } : {}),
    ...(tags ? { tags: { ...tags } } : {}),
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function wrongInput(path: string, message: string): AppError {
  return invalidArgument(message, [{ path, message }])
}

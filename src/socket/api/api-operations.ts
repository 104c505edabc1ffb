import type { Clock } from '../../domain/clock.js'
import type { SubscriptionTokens } from '../../domain/subscription-token.js'
import { type AppError, invalidArgument } from '../../errors/app-error.js'
import type { Namespaces } from '../../realtime/namespace.js'
import {
  type ConnectionTarget,
  type PublishAnswer,
  type PublishRequest,
  type Reach,
  type RealtimeService,
  type Receipt,
  RECEIPTS,
} from '../../service/realtime-service.js'
import { isRecord } from '../json-member.js'
import { replyErrorOf } from '../protocols/centrifuge/code.js'
import {
  countOf,
  flagOf,
  type Params,
  positionOf,
  requireData,
  textOf,
} from '../protocols/centrifuge/command.js'
import { historyJson, presenceJson } from '../protocols/centrifuge/reply.js'

const SECOND_MS = 1_000
const INFO_CHARS_MAX = 1_024

export interface ApiContext {
  readonly realtime: RealtimeService
  readonly namespaces: Namespaces
  readonly subscriptionTokens: SubscriptionTokens
  readonly clock: Clock
  readonly subscriptionTokenSeconds: number
}

/**
 * Carries out one operation and answers with the JSON of its result. Its third argument is the JSON text of the member
 * `data` as the caller wrote it, when there is one. Raises an AppError.
 */
type ApiOperation = (context: ApiContext, input: Params, data?: string) => Promise<string>

/** The operations by name, with the members of Centrifugo's API; ours are `receipt` and `subscription_token`. */
export const API_OPERATIONS: Readonly<Record<string, ApiOperation>> = {
  publish: async ({ realtime }, input, data) => {
    const channel = channelOf(input)
    return publishJson(await realtime.publish({ channel, ...publicationOf(input, data) }))
  },
  broadcast,
  subscribe: async ({ realtime }, input) =>
    reachJson(await realtime.subscribe(targetOf(input), channelOf(input))),
  unsubscribe: async ({ realtime }, input) =>
    reachJson(await realtime.unsubscribe(targetOf(input), channelOf(input))),
  disconnect: async ({ realtime }, input) =>
    reachJson(await realtime.disconnect(targetOf(input), disconnectOf(input))),
  presence: async ({ realtime }, input) => presenceJson(await realtime.presence(channelOf(input))),
  presence_stats: async ({ realtime }, input) => {
    const { connections, users } = await realtime.presenceStats(channelOf(input))
    return JSON.stringify({ num_clients: connections, num_users: users })
  },
  history: async ({ realtime }, input) => {
    const { since } = input
    const { publications, position } = await realtime.history({
      channel: channelOf(input),
      since: isRecord(since) ? positionOf(since) : null,
      limit: countOf(input, 'limit'),
      reverse: flagOf(input, 'reverse'),
    })
    return historyJson(publications, position)
  },
  history_remove: async ({ realtime }, input) => {
    await realtime.removeHistory(channelOf(input))
    return '{}'
  },
  info: async ({ realtime }) => infoJson(await realtime.info()),
  subscription_token: issueToken,
}

async function broadcast({ realtime }: ApiContext, input: Params, data?: string): Promise<string> {
  const { channels } = input
  if (!Array.isArray(channels) || !channels.every((channel) => typeof channel === 'string')) {
    throw wrongMember('channels', 'a list of texts')
  }
  const answers = await realtime.broadcast({ channels, ...publicationOf(input, data) })
  const responses = answers.map((answer) => {
    if (!(answer instanceof Error)) return `{"result":${publishJson(answer)}}`
    const { code, message } = replyErrorOf(answer)
    return JSON.stringify({ error: { code, message } })
  })
  return `{"responses":[${responses.join(',')}]}`
}

/** A token with which a user may subscribe to a channel of a namespace that asks for one. */
async function issueToken(context: ApiContext, input: Params): Promise<string> {
  const channel = channelOf(input)
  context.namespaces.find(channel)
  const userId = textOf(input, 'user')
  const sessionId = textOf(input, 'session')
  if (userId === '') throw wrongMember('user', 'the id of a user')
  const info = input['info'] === undefined ? null : JSON.stringify(input['info'])
  if (info !== null && info.length > INFO_CHARS_MAX) {
    throw wrongMember('info', `JSON of at most ${INFO_CHARS_MAX} characters`)
  }
  const seconds = countOf(input, 'expire_in') || context.subscriptionTokenSeconds
  if (seconds > context.subscriptionTokenSeconds) {
    throw wrongMember('expire_in', `at most ${context.subscriptionTokenSeconds}`)
  }
  const token = await context.subscriptionTokens.issue({
    ...{ userId, sessionId: sessionId === '' ? null : sessionId, channel, info },
    expiresAt: context.clock.now() + seconds * SECOND_MS,
  })
  return JSON.stringify({ token, expires_in: seconds })
}

function publicationOf(input: Params, data?: string): Omit<PublishRequest, 'channel'> {
  const { tags } = input
  const idempotencyKey = textOf(input, 'idempotency_key')
  return {
    data: requireData(data),
    skipHistory: flagOf(input, 'skip_history'),
    receipt: receiptOf(input),
    ...(idempotencyKey === '' ? {} : { idempotencyKey }),
    ...(tags === undefined ? {} : { tags: tagsOf(tags) }),
  }
}

function tagsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) throw wrongMember('tags', 'an object of texts')
  return Object.fromEntries(
    Object.entries(value).map(([name, tag]) => {
      if (typeof tag !== 'string') throw wrongMember('tags', 'an object of texts')
      return [name, tag]
    }),
  )
}

function receiptOf(input: Params): Receipt {
  const given = input['receipt'] ?? 'none'
  const receipt = RECEIPTS.find((known) => known === given)
  if (receipt) return receipt
  throw wrongMember('receipt', `one of ${RECEIPTS.join(', ')}`)
}

function targetOf(input: Params): ConnectionTarget {
  const userId = textOf(input, 'user')
  const connectionId = textOf(input, 'client')
  const sessionId = textOf(input, 'session')
  return {
    userId,
    ...(connectionId === '' ? {} : { connectionId }),
    ...(sessionId === '' ? {} : { sessionId }),
  }
}

function disconnectOf({ disconnect }: Params): { code: number; reason: string } | undefined {
  if (disconnect === undefined) return undefined
  if (!isRecord(disconnect)) throw wrongMember('disconnect', 'an object')
  return { code: countOf(disconnect, 'code'), reason: textOf(disconnect, 'reason') }
}

function channelOf(input: Params): string {
  const channel = textOf(input, 'channel')
  if (channel !== '') return channel
  throw wrongMember('channel', 'the name of a channel')
}

function publishJson({ position, duplicate, receipt }: PublishAnswer): string {
  return JSON.stringify({
    ...(position === null ? {} : position),
    ...(duplicate ? { duplicate } : {}),
    ...(receipt === undefined ? {} : { receipt }),
  })
}

function reachJson({ connections, processes }: Reach): string {
  return JSON.stringify({ num_clients: connections, processes })
}

function infoJson({ nodes, missing }: Awaited<ReturnType<RealtimeService['info']>>): string {
  return JSON.stringify({
    nodes: nodes.map((node) => ({
      uid: node.processId,
      name: node.processId,
      num_clients: node.connections,
      num_users: node.users,
      num_subs: node.subscriptions,
      num_channels: node.channels,
      uptime: node.uptimeSeconds,
    })),
    missing,
  })
}

function wrongMember(name: string, expected: string): AppError {
  const message = `"${name}" must be ${expected}.`
  return invalidArgument(message, [{ path: name, message }])
}

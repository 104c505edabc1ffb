import type { StreamPosition } from '../../../domain/channel-broker.js'
import {
  checkPublish,
  requireHistory,
  requirePresence,
  type Channel,
} from '../../../realtime/namespace.js'
import { publishTo } from '../../../realtime/publish.js'
import { takeReceipt } from '../../../realtime/receipt-log.js'
import { isRecord } from '../../json-member.js'
import type { CentrifugeDeps, CentrifugeOptions, ClientIdentity } from './centrifuge-deps.js'
import { REPLY_ERRORS, ReplyFailure } from './code.js'
import {
  type Command,
  countOf,
  flagOf,
  type Method,
  type Params,
  positionOf,
  requireData,
  textOf,
} from './command.js'
import { historyJson, presenceJson } from './reply.js'
import type { SubscriptionSet } from './subscription-set.js'

/** The most connections that a client is told of at once. */
const PRESENCE_LIMIT = 1_000

/** A connected client, as far as its commands need it. */
export interface CommandContext {
  readonly deps: CentrifugeDeps
  readonly options: CentrifugeOptions
  readonly identity: ClientIdentity
  readonly subscriptions: SubscriptionSet
}

/** Carries out one command and answers with the JSON of its result. Raises what the reply is to say. */
type CommandHandler = (context: CommandContext, command: Command) => Promise<string>

/** The commands about a channel that need no more than one question. */
export const CHANNEL_COMMANDS: Readonly<Partial<Record<Method, CommandHandler>>> = {
  publish,
  presence,
  presence_stats: presenceStats,
  history,
  rpc,
}

async function publish(context: CommandContext, { params, data }: Command): Promise<string> {
  const { deps, identity, subscriptions } = context
  const name = textOf(params, 'channel')
  const channel = deps.namespaces.find(name)
  checkPublish(channel, identity, subscriptions.has(name))
  const info = subscriptions.infoFor(name)
  await publishTo(deps.channelBroker, channel, { data: requireData(data), info })
  return '{}'
}

async function presence(context: CommandContext, { params }: Command): Promise<string> {
  const channel = subscribedChannel(context, params)
  requirePresence(channel)
  return presenceJson(await context.deps.presence.list(channel.name.channel, PRESENCE_LIMIT))
}

async function presenceStats(context: CommandContext, { params }: Command): Promise<string> {
  const channel = subscribedChannel(context, params)
  requirePresence(channel)
  const { connections, users } = await context.deps.presence.stats(channel.name.channel)
  return JSON.stringify({ num_clients: connections, num_users: users })
}

async function history(context: CommandContext, { params }: Command): Promise<string> {
  const channel = subscribedChannel(context, params)
  requireHistory(channel)
  const since = sinceOf(params)
  const limit = Math.min(countOf(params, 'limit'), context.options.historyLimitMax)
  const page = await context.deps.channelBroker.history(channel.name.channel, {
    ...{ since, limit },
    reverse: flagOf(params, 'reverse'),
  })
  if (since !== null && since.epoch !== '' && since.epoch !== page.position.epoch) {
    throw new ReplyFailure(REPLY_ERRORS.unrecoverablePosition)
  }
  const publications = page.publications.map((kept) => takeReceipt(kept).publication)
  return historyJson(publications, page.position)
}

async function rpc({ deps, identity }: CommandContext, { params, data }: Command): Promise<string> {
  const method = deps.rpc.get(textOf(params, 'method'))
  if (!method) throw new ReplyFailure(REPLY_ERRORS.methodNotFound)
  return `{"data":${await method(data ?? null, identity)}}`
}

/** Who is on a channel may ask about it, and nobody else. */
function subscribedChannel({ deps, subscriptions }: CommandContext, params: Params): Channel {
  const channel = deps.namespaces.find(textOf(params, 'channel'))
  if (subscriptions.has(channel.name.channel)) return channel
  throw new ReplyFailure(REPLY_ERRORS.permissionDenied)
}

function sinceOf({ since }: Params): StreamPosition | null {
  if (since === undefined || since === null) return null
  if (isRecord(since)) return positionOf(since)
  throw new ReplyFailure(REPLY_ERRORS.badRequest)
}

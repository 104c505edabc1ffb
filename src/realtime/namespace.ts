import { AppError, invalidArgument } from '../errors/app-error.js'
import type { UserRole } from '../domain/user.js'
import { type ChannelName, parseChannel, showChannel } from './channel-name.js'

/** Who may subscribe; one match is enough. `token`: whoever shows a subscription token for the channel. */
export const SUBSCRIBE_RIGHTS = ['anyone', 'signed-in', 'admin', 'owner', 'token'] as const
export type SubscribeRight = (typeof SUBSCRIBE_RIGHTS)[number]

/** Who may publish from a connection; one match is enough. Servers always may. */
export const PUBLISH_RIGHTS = ['anyone', 'signed-in', 'admin', 'owner', 'subscriber'] as const
export type PublishRight = (typeof PUBLISH_RIGHTS)[number]

/**
 * What happens to a publication for a connection that does not keep up. `all`: it waits, and a full queue closes the
 * connection; `droppable`: it is dropped; `latest`: only the newest of the channel waits.
 */
export const DELIVERIES = ['all', 'droppable', 'latest'] as const
export type Delivery = (typeof DELIVERIES)[number]

/** The rules of all channels of one namespace. */
export interface NamespaceRules {
  /** Publications that are kept; 0 keeps none. */
  readonly historySize: number
  /** How long they are kept, in seconds. */
  readonly historySeconds: number
  /** Whether clients that come back get what they missed. Needs history. */
  readonly recovery: boolean
  /** Whether it is known who is on a channel. */
  readonly presence: boolean
  /** Whether coming and going is told to subscribers that ask for it. */
  readonly joinLeave: boolean
  readonly subscribe: readonly SubscribeRight[]
  readonly publish: readonly PublishRight[]
  readonly delivery: Delivery
}

/** A channel with the rules of its namespace. */
export interface Channel {
  readonly name: ChannelName
  readonly rules: NamespaceRules
}

/** Who is at the other end of a connection, as far as rights go. */
export interface ChannelCaller {
  /** Empty for an anonymous connection. */
  readonly userId: string
  readonly role: UserRole | null
}

export interface Namespaces {
  /**
   * The channel of that name. Raises INVALID_ARGUMENT (`channel_invalid`) and NOT_FOUND (`namespace_unknown`).
   */
  find(channel: string): Channel
  /** Whether there is such a namespace. */
  has(namespace: string): boolean
}

/**
 * Lays each namespace over the defaults. Raises INVALID_ARGUMENT naming a namespace whose rules contradict each
 * other: recovery without history, or a delivery that leaves holes in a history.
 */
export function createNamespaces(
  defaults: NamespaceRules,
  namespaces: Readonly<Record<string, Partial<NamespaceRules>>>,
): Namespaces {
  const byName = new Map<string, NamespaceRules>()
  for (const [name, own] of Object.entries(namespaces)) {
    const rules = { ...defaults, ...own }
    checkRules(name, rules)
    byName.set(name, rules)
  }
  return {
    has: (namespace) => byName.has(namespace),
    find(channel) {
      const name = parseChannel(channel)
      const rules = byName.get(name.namespace)
      if (rules) return { name, rules }
      const message = `There is no namespace for the channel ${showChannel(channel)}.`
      throw new AppError('NOT_FOUND', 'namespace_unknown', message)
    },
  }
}

/**
 * Raises PERMISSION_DENIED (`subscribe_denied`, or `subscription_token_required` when a token would open the channel)
 * unless the caller may subscribe. A channel with owners is for its owners, whatever else the rules say; a valid
 * token opens it to its holder.
 */
export function checkSubscribe(
  { name, rules }: Channel,
  caller: ChannelCaller,
  hasToken: boolean,
): void {
  if (hasToken && rules.subscribe.includes('token')) return
  const isOwner = owns(name, caller)
  const isOpen =
    (name.owners === null || isOwner) &&
    rules.subscribe.some((right) => right !== 'token' && holds(right, caller, isOwner))
  if (isOpen) return
  const channel = showChannel(name.channel)
  if (rules.subscribe.includes('token')) {
    const message = `The channel ${channel} needs a subscription token.`
    throw new AppError('PERMISSION_DENIED', 'subscription_token_required', message)
  }
  const message = `Subscribing to the channel ${channel} is not allowed.`
  throw new AppError('PERMISSION_DENIED', 'subscribe_denied', message)
}

/** Raises PERMISSION_DENIED (`publish_denied`) unless the caller may publish. */
export function checkPublish(
  { name, rules }: Channel,
  caller: ChannelCaller,
  isSubscribed: boolean,
): void {
  const isOwner = owns(name, caller)
  const isOpen =
    (name.owners === null || isOwner) &&
    rules.publish.some((right) =>
      right === 'subscriber' ? isSubscribed : holds(right, caller, isOwner),
    )
  if (isOpen) return
  const message = `Publishing to the channel ${showChannel(name.channel)} is not allowed.`
  throw new AppError('PERMISSION_DENIED', 'publish_denied', message)
}

/** Raises FAILED_PRECONDITION (`history_disabled`) for a channel that keeps nothing. */
export function requireHistory({ name, rules }: Channel): void {
  if (hasHistory(rules)) return
  const message = `The channel ${showChannel(name.channel)} keeps no history.`
  throw new AppError('FAILED_PRECONDITION', 'history_disabled', message)
}

/** Raises FAILED_PRECONDITION (`presence_disabled`) for a channel that does not know who is on it. */
export function requirePresence({ name, rules }: Channel): void {
  if (rules.presence) return
  const message = `The channel ${showChannel(name.channel)} does not tell who is on it.`
  throw new AppError('FAILED_PRECONDITION', 'presence_disabled', message)
}

/** Whether the channels of these rules have a stream with positions. */
export function hasHistory(rules: NamespaceRules): boolean {
  return rules.historySize > 0
}

function owns(name: ChannelName, caller: ChannelCaller): boolean {
  return caller.userId !== '' && name.owners !== null && name.owners.includes(caller.userId)
}

function holds(
  right: Exclude<SubscribeRight | PublishRight, 'token' | 'subscriber'>,
  caller: ChannelCaller,
  isOwner: boolean,
): boolean {
  switch (right) {
    case 'anyone':
      return true
    case 'signed-in':
      return caller.userId !== ''
    case 'admin':
      return caller.role === 'admin'
    case 'owner':
      return isOwner
  }
}

function checkRules(name: string, rules: NamespaceRules): void {
  const path = `realtime.namespaces.${name}`
  if (rules.recovery && !hasHistory(rules)) {
    const message = `the namespace ${name} recovers, so it needs a historySize above 0`
    throw invalidArgument(message, [{ path: `${path}.recovery`, message }])
  }
  if (rules.delivery !== 'all' && hasHistory(rules)) {
    const message = `the namespace ${name} keeps a history, so its delivery is all`
    throw invalidArgument(message, [{ path: `${path}.delivery`, message }])
  }
}

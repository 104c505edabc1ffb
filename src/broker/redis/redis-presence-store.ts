import { randomUUID } from 'node:crypto'
import type { ClientInfo, PresenceStats, PresenceStore } from '../../domain/channel-broker.js'
import type { Logger } from '../../domain/logger.js'
import { limitOf } from '../channel-input.js'
import { createPresenceDesk } from '../presence-desk.js'
import { toInfo } from '../publication-codec.js'
import { toBrokerError } from './broker-error.js'
import type { BrokerRedis } from './broker-redis.js'
import { type ChannelKeys, createChannelKeys } from './channel-keys.js'
import {
  ADD_SCRIPT,
  ADD_WITHIN_SCRIPT,
  COUNT_SCRIPT,
  DEAD_SCRIPT,
  LEASE_SCRIPT,
  LIST_SCRIPT,
  RELEASE_SCRIPT,
  REMOVE_SCRIPT,
  STATS_SCRIPT,
  SWEEP_SCRIPT,
} from './presence-script.js'

/** Entries that one step of a sweep looks at. */
const SWEEP_ENTRIES = 200
/** How long one process has an owner that died for itself, in milliseconds. */
const CLAIM_MS = 5_000
/** The presence desk asks for lengths only, so a clock that does not step back is the better one. */
const STEADY_CLOCK = { now: () => performance.now() }

export interface RedisPresenceStoreDeps {
  readonly redis: Pick<BrokerRedis, 'topics' | 'run'>
  /** Before the name of every key. */
  readonly keyPrefix: string
  readonly logger: Logger
  /** How often to renew the lease of this process, and to look for the dead, in milliseconds. */
  readonly heartbeatMs: number
  /** How long a process that is not heard of counts as alive; several heartbeats. */
  readonly leaseMs: number
}

/**
 * Presence in Redis: what belongs to a channel lies in the slot of its partition, so an entry and the counts change
 * in one step. A process that dies leaves its lease behind; one of the others claims it and takes its entries away.
 */
export function createRedisPresenceStore(deps: RedisPresenceStoreDeps): PresenceStore {
  return new RedisPresenceStore(deps)
}

class RedisPresenceStore implements PresenceStore {
  readonly #deps: RedisPresenceStoreDeps
  readonly #desk
  readonly #keys: ChannelKeys
  #owner: string = randomUUID()
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined

  constructor(deps: RedisPresenceStoreDeps) {
    this.#deps = deps
    const { logger, leaseMs } = deps
    this.#desk = createPresenceDesk({ clock: STEADY_CLOCK, logger, leaseMs })
    this.#keys = createChannelKeys(deps.keyPrefix, deps.redis.topics.tags)
  }

  async start(
    onSwept: (channel: string, info: ClientInfo) => void,
    onLost: () => void = () => undefined,
  ): Promise<void> {
    this.#desk.open(onSwept, onLost)
    try {
      await this.#lease('1')
    } catch (error) {
      this.#desk.reset()
      throw error
    }
    if (!this.#desk.isOpen) return
    this.#timer = setInterval(() => this.#startBeat(), this.#deps.heartbeatMs).unref()
  }

  async add(channel: string, info: ClientInfo): Promise<boolean> {
    this.#desk.assertEntering()
    const { keys, args } = this.#entryOf(channel, info)
    return (await this.#run(ADD_SCRIPT, keys, args)) === 1
  }

  async addWithin(channel: string, info: ClientInfo, connectionsMax: number): Promise<boolean> {
    this.#desk.assertEntering()
    const owner = this.#owner
    const { keys, args } = this.#entryOf(channel, info)
    const within = [...args, owner, String(connectionsMax)]
    const first = await this.#run(ADD_WITHIN_SCRIPT, keys, [...within, '0'])
    if (first !== -1) return first === 1
    // Their leases lie in a slot of their own, and matter only when the places are taken.
    const dead = textsOf(await this.#run(DEAD_SCRIPT, [this.#keys.presenceLeases], []))
    const others = dead.filter((name) => name !== owner)
    return (await this.#run(ADD_WITHIN_SCRIPT, keys, [...within, '1', ...others])) === 1
  }

  async remove(channel: string, connectionId: string): Promise<boolean> {
    const { owners } = this.#keys.presenceBases(this.#keys.tagOf(channel))
    const removed = await this.#run(
      REMOVE_SCRIPT,
      [this.#keys.presence(channel), this.#keys.presenceUsers(channel)],
      [connectionId, nameOf(channel, connectionId), owners],
    )
    return removed === 1
  }

  async list(channel: string, limit: number): Promise<readonly ClientInfo[]> {
    const most = limitOf({ limit })
    if (most === 0) return []
    const entries = await this.#run(LIST_SCRIPT, [this.#keys.presence(channel)], [String(most)])
    return textsOf(entries).map(infoOf)
  }

  async stats(channel: string): Promise<PresenceStats> {
    const keys = [this.#keys.presence(channel), this.#keys.presenceUsers(channel)] as const
    const [connections, users] = textsOf(await this.#run(STATS_SCRIPT, keys, []))
    return { connections: Number(connections), users: Number(users) }
  }

  async countOfUser(channel: string, userId: string): Promise<number> {
    return Number(await this.#run(COUNT_SCRIPT, [this.#keys.presenceUsers(channel)], [userId]))
  }

  async close(): Promise<void> {
    const wasOpen = this.#desk.isOpen
    if (!this.#desk.close() || !wasOpen) return
    clearInterval(this.#timer)
    await this.#beating
    try {
      await this.#sweep(this.#owner, () => undefined)
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'presence is left to be swept by the others')
    }
  }

  /** What the scripts that enter a connection get. */
  #entryOf(channel: string, info: ClientInfo) {
    const { connectionId, userId } = info
    const ownSet = this.#keys.presenceOf(this.#keys.tagOf(channel), this.#owner)
    const entry = JSON.stringify({ o: this.#owner, u: userId, info })
    return {
      keys: [this.#keys.presence(channel), this.#keys.presenceUsers(channel), ownSet] as const,
      args: [connectionId, userId, entry, nameOf(channel, connectionId)],
    }
  }

  #startBeat(): void {
    this.#beating ??= this.#beat()
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error }, 'presence could not be renewed or swept')
      })
      .finally(() => {
        this.#beating = undefined
      })
  }

  async #beat(): Promise<void> {
    const dead = await this.#lease('0')
    if (dead === null) {
      // What was entered under the former name is left to whoever sweeps it.
      this.#owner = randomUUID()
      await this.#lease('1')
      this.#desk.reportLost()
      return
    }
    for (const owner of dead) {
      if (!this.#desk.maySweep) return
      await this.#sweep(owner, (entries) => this.#desk.reportSwept(entries))
    }
  }

  /** Renews the lease, or with `1` enters it; answers the dead that this process is to sweep, null when the lease broke. */
  async #lease(isFirst: '0' | '1'): Promise<readonly string[] | null> {
    const claimMs = isFirst === '0' && this.#desk.maySweep ? CLAIM_MS : 0
    const reply = await this.#runOpen(
      LEASE_SCRIPT,
      [this.#keys.presenceLeases, this.#keys.presenceClaims],
      [this.#owner, String(this.#deps.leaseMs), isFirst, String(claimMs)],
    )
    const [stands, ...dead] = textsOf(reply)
    return stands === '1' ? dead : null
  }

  async #sweep(
    owner: string,
    onTaken: (entries: readonly { channel: string; info: ClientInfo }[]) => void,
  ): Promise<void> {
    const { tags } = this.#deps.redis.topics
    await Promise.all(tags.map((tag) => this.#sweepPartition(tag, owner, onTaken)))
    const keys = [this.#keys.presenceLeases, this.#keys.presenceClaims] as const
    await this.#runOpen(RELEASE_SCRIPT, keys, [owner])
  }

  async #sweepPartition(
    tag: string,
    owner: string,
    onTaken: (entries: readonly { channel: string; info: ClientInfo }[]) => void,
  ): Promise<void> {
    const { entries, users } = this.#keys.presenceBases(tag)
    for (let looked = SWEEP_ENTRIES; looked === SWEEP_ENTRIES;) {
      const reply = await this.#runOpen(
        SWEEP_SCRIPT,
        [this.#keys.presenceOf(tag, owner)],
        [owner, entries, users, String(SWEEP_ENTRIES)],
      )
      const [count, flat] = Array.isArray(reply) ? (reply as unknown[]) : []
      looked = Number(count)
      const texts = textsOf(flat)
      const taken: { channel: string; info: ClientInfo }[] = []
      for (let index = 0; index < texts.length; index += 2) {
        const name = texts[index] ?? ''
        const channel = name.slice(name.indexOf('\n') + 1)
        taken.push({ channel, info: infoOf(texts[index + 1] ?? '') })
      }
      onTaken(taken)
    }
  }

  #run(
    script: string,
    keys: readonly [string, ...string[]],
    args: readonly string[],
  ): Promise<unknown> {
    this.#desk.assertUsable()
    return this.#runOpen(script, keys, args)
  }

  /** Also while this store closes. */
  async #runOpen(
    script: string,
    keys: readonly [string, ...string[]],
    args: readonly string[],
  ): Promise<unknown> {
    try {
      return await this.#deps.redis.run(script, keys, args)
    } catch (error) {
      throw toBrokerError(error)
    }
  }
}

/** An entry in the set of its owner; ids of connections have no line breaks, channels may. */
function nameOf(channel: string, connectionId: string): string {
  return `${connectionId}\n${channel}`
}

function infoOf(entry: string): ClientInfo {
  const value = JSON.parse(entry) as { readonly info: unknown }
  return toInfo(value.info)
}

function textsOf(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? (reply as unknown[]).map(String) : []
}

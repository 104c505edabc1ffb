import type { Logger } from '../../domain/logger.js'
import { type ClusterMaster, parseClusterSlots, parseRedirect } from './cluster-topology.js'
import type { DeadlineQueue } from './deadline-queue.js'
import { hashSlot, partitionTags, SLOT_COUNT } from './hash-slot.js'
import { RedisConnection, type RedisRole } from './redis-connection.js'
import { addressOf, type RedisEndpoint, withAddress } from './redis-endpoint.js'
import { redisUnavailable, replyCodeOf } from './redis-error.js'
import { RedisLink, type TrackedReply } from './redis-link.js'
import type { RedisFeed, RedisRouter } from './redis-router.js'

const REDIRECTS_MAX = 5
/**
 * How often the map is read again while a master is missing, and at rest; milliseconds. A subscription whose slot has
 * moved falls silent, and the library does not always notice: the map does.
 */
const REFRESH_IN_DOUBT_MS = 250
const REFRESH_AT_REST_MS = 2_000

export interface ClusterRouterDeps {
  readonly seeds: readonly [RedisEndpoint, ...RedisEndpoint[]]
  /** Into how many partitions the channels are hashed; the same in every process. */
  readonly partitions: number
  readonly role: RedisRole
  readonly onUp: () => void
  readonly deadlines: DeadlineQueue
  readonly logger: Logger
}

interface Node {
  readonly endpoint: RedisEndpoint
  readonly link: RedisLink
}

/**
 * All masters of a Redis Cluster, one connection each. The library's own cluster client is not used: with one
 * master dead, its commands for the others wait as well, and it hides the connections, whose health decides
 * what may be cached.
 */
export class ClusterRouter implements RedisRouter {
  readonly tags: readonly string[]
  readonly #deps: ClusterRouterDeps
  readonly #nodes = new Map<string, Node>()
  readonly #listeners: (() => void)[] = []
  #slots: (Node | undefined)[] = []
  #refreshing: Promise<void> | undefined
  #refreshedAt = -Infinity
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(deps: ClusterRouterDeps) {
    this.#deps = deps
    this.tags = partitionTags(deps.partitions)
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#refreshWhenDue(), REFRESH_IN_DOUBT_MS)
    void this.#refresh()
  }

  async send(key: string, args: readonly string[]): Promise<TrackedReply> {
    const slot = hashSlot(key)
    let node = this.#slots[slot]
    let isAsking = false
    for (let redirects = 0; node !== undefined && redirects <= REDIRECTS_MAX; redirects += 1) {
      try {
        return await (isAsking ? node.link.sendAsking(args) : node.link.send(args))
      } catch (error) {
        const target = error instanceof Error ? parseRedirect(error.message) : null
        if (target === null) throw error
        node = this.#nodeAt(
          withAddress(node.endpoint, target.host || node.endpoint.host, target.port),
        )
        isAsking = replyCodeOf(error) === 'ASK'
        if (!isAsking) {
          this.#slots[slot] = node
          void this.#refresh()
        }
      }
    }
    throw redisUnavailable()
  }

  isSound(key: string): boolean {
    return isNodeSound(this.#slots[hashSlot(key)])
  }

  isAnySound(): boolean {
    return [...this.#nodes.values()].some(isNodeSound)
  }

  isAllSound(): boolean {
    return this.#nodes.size > 0 && [...this.#nodes.values()].every(isNodeSound)
  }

  feeds(): readonly RedisFeed[] {
    const tagsOf = new Map<Node, string[]>()
    for (const tag of this.tags) {
      const node = this.#slots[hashSlot(tag)]
      if (node) tagsOf.set(node, [...(tagsOf.get(node) ?? []), tag])
    }
    return [...tagsOf].map(([{ endpoint }, tags]) => ({
      name: addressOf(endpoint),
      resolve: () => {
        // A subscription is dialled anew when its partitions have moved away: find out where.
        if (!this.#isClosed) void this.#refresh()
        return endpoint
      },
      tags,
    }))
  }

  onFeedsChanged(listener: () => void): void {
    this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#refreshing
    await Promise.all([...this.#nodes.values()].map(({ link }) => link.close()))
  }

  #refreshWhenDue(): void {
    const age = performance.now() - this.#refreshedAt
    if (!this.isAllSound() || age > REFRESH_AT_REST_MS) void this.#refresh()
  }

  /** Reads the map once, however many ask for it; never rejects. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#readMap().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #readMap(): Promise<void> {
    for (const { endpoint, link } of this.#nodes.values()) {
      const { connection } = link
      if (connection?.trust.isTrusted !== true) continue
      if (await this.#readMapFrom(connection, endpoint)) return
    }
    for (const seed of this.#deps.seeds) {
      if (this.#isClosed) return
      let connection: RedisConnection | undefined
      try {
        const { deadlines } = this.#deps
        connection = await RedisConnection.open({ endpoint: seed, role: {}, deadlines })
        if (await this.#readMapFrom(connection, seed)) return
      } catch (error) {
        this.#deps.logger.debug({ err: error, address: addressOf(seed) }, 'seed does not answer')
      } finally {
        connection?.close()
      }
    }
  }

  async #readMapFrom(connection: RedisConnection, asked: RedisEndpoint): Promise<boolean> {
    try {
      const masters = parseClusterSlots(await connection.send(['CLUSTER', 'SLOTS']), asked.host)
      if (masters.length === 0) return false
      if (!this.#isClosed) this.#apply(masters)
      return true
    } catch (error) {
      this.#deps.logger.debug({ err: error, address: addressOf(asked) }, 'no map of the cluster')
      return false
    }
  }

  #apply(masters: readonly ClusterMaster[]): void {
    const [template] = this.#deps.seeds
    const slots: (Node | undefined)[] = new Array<Node | undefined>(SLOT_COUNT).fill(undefined)
    for (const { host, port, ranges } of masters) {
      const node = this.#nodeAt(withAddress(template, host, port))
      for (const { from, to } of ranges) slots.fill(node, from, to + 1)
    }
    this.#slots = slots
    this.#refreshedAt = performance.now()
    const addresses = new Set(masters.map(({ address }) => address))
    for (const [address, { link }] of this.#nodes) {
      if (addresses.has(address)) continue
      this.#nodes.delete(address)
      void link.close()
    }
    for (const listener of this.#listeners) listener()
  }

  #nodeAt(endpoint: RedisEndpoint): Node {
    const address = addressOf(endpoint)
    const known = this.#nodes.get(address)
    if (known) return known
    const { role, onUp, deadlines, logger } = this.#deps
    const link = new RedisLink({ resolve: () => endpoint, role, onUp, deadlines, logger })
    const node = { endpoint, link }
    this.#nodes.set(address, node)
    if (!this.#isClosed) link.start()
    return node
  }
}

function isNodeSound(node: Node | undefined): boolean {
  return node?.link.connection?.trust.isTrusted === true
}

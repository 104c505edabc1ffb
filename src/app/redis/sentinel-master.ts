import type { Logger } from '../../domain/logger.js'
import type { DeadlineQueue } from './deadline-queue.js'
import type { RedisConnection } from './redis-connection.js'
import { addressOf, type RedisEndpoint, withAddress } from './redis-endpoint.js'
import { redisUnavailable } from './redis-error.js'
import { RedisLink } from './redis-link.js'

/** How often the Sentinels are asked whether the master has moved, in milliseconds. */
const POLL_INTERVAL_MS = 500

export interface SentinelMasterDeps {
  readonly sentinels: readonly RedisEndpoint[]
  readonly masterName: string
  /** Credentials for the master; its host and port are filled in. */
  readonly template: RedisEndpoint
  readonly deadlines: DeadlineQueue
  readonly logger: Logger
}

/** Follows the master of one group by asking its Sentinels. */
export interface SentinelMaster {
  start(): void
  /** The master that most Sentinels name. Raises UNAVAILABLE when none answers. */
  resolve(): Promise<RedisEndpoint>
  /** Rejects when the server is not a master (a Sentinel may not know yet). */
  accept(connection: RedisConnection): Promise<void>
  /** Called with the new address when the Sentinels name another master than before. */
  onMoved(listener: (address: string) => void): void
  close(): Promise<void>
}

export function createSentinelMaster(deps: SentinelMasterDeps): SentinelMaster {
  const { sentinels, masterName, template, deadlines, logger } = deps
  const links = sentinels.map(
    (endpoint) => new RedisLink({ resolve: () => endpoint, role: {}, deadlines, logger }),
  )
  const listeners: ((address: string) => void)[] = []
  let known: string | undefined
  let timer: NodeJS.Timeout | undefined

  async function resolve(): Promise<RedisEndpoint> {
    const answers = await Promise.allSettled(
      links.map((link) => link.send(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName])),
    )
    const votes = new Map<string, { endpoint: RedisEndpoint; count: number }>()
    for (const answer of answers) {
      if (answer.status === 'rejected') continue
      const endpoint = endpointOf(answer.value.reply, template)
      if (endpoint === null) continue
      const count = votes.get(addressOf(endpoint))?.count ?? 0
      votes.set(addressOf(endpoint), { endpoint, count: count + 1 })
    }
    const [winner] = [...votes.values()].sort((a, b) => b.count - a.count)
    if (!winner) throw redisUnavailable(new Error(`no Sentinel knows a master "${masterName}"`))
    return winner.endpoint
  }

  async function poll(): Promise<void> {
    const address = addressOf(await resolve())
    if (known !== undefined && known !== address) {
      logger.warn({ from: known, to: address }, 'redis master moved')
      for (const listener of listeners) listener(address)
    }
    known = address
  }

  return {
    start() {
      for (const link of links) link.start()
      timer ??= setInterval(() => void poll().catch(() => undefined), POLL_INTERVAL_MS)
    },
    resolve,
    async accept(connection) {
      const role = await connection.send(['ROLE'])
      if (Array.isArray(role) && role[0] === 'master') return
      throw new Error(`${connection.address} is not a master`)
    },
    onMoved: (listener) => void listeners.push(listener),
    async close() {
      clearInterval(timer)
      await Promise.all(links.map((link) => link.close()))
    },
  }
}

function endpointOf(reply: unknown, template: RedisEndpoint): RedisEndpoint | null {
  if (!Array.isArray(reply)) return null
  const [host, port] = reply as unknown[]
  return typeof host === 'string' ? withAddress(template, host, Number(port)) : null
}

import type { BrokerRedis } from './broker-redis.js'

/**
 * KEYS[1]: ordered set of process ids by the end of their leases. ARGV: a process id, and the length of its
 * lease in milliseconds; 0 gives the lease up. Goes by the clock of Redis, so the clocks of the processes need
 * not agree. Answers the processes that are alive.
 */
const LEASE_SCRIPT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lease = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if lease == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + lease), ARGV[1])
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', lease * 2))
end
return redis.call('ZRANGE', KEYS[1], 0, -1)
`

/** Who is alive: every process renews a lease in Redis. */
export interface ProcessRegistry {
  /** Renews this process's lease and answers with the other live processes. Raises UNAVAILABLE. */
  renew(): Promise<readonly string[]>
  /** As `renew`; while Redis cannot be asked, the processes that were alive when it last could. */
  renewOrRecall(): Promise<readonly string[]>
  leave(): Promise<void>
}

export interface ProcessRegistryDeps {
  readonly redis: Pick<BrokerRedis, 'run'>
  readonly key: string
  readonly processId: string
  /** 0 for one that asks for the others without being one of them. */
  readonly leaseMs: number
}

export function createProcessRegistry(deps: ProcessRegistryDeps): ProcessRegistry {
  const { redis, key, processId, leaseMs } = deps
  let others: readonly string[] = []

  async function lease(lengthMs: number): Promise<readonly string[]> {
    const reply = await redis.run(LEASE_SCRIPT, [key], [processId, String(lengthMs)])
    const alive = Array.isArray(reply) ? (reply as unknown[]).map(String) : []
    return alive.filter((id) => id !== processId)
  }

  async function renew(): Promise<readonly string[]> {
    others = await lease(leaseMs)
    return others
  }

  return {
    renew,
    async renewOrRecall() {
      try {
        return await renew()
      } catch {
        return others
      }
    },
    async leave() {
      await lease(0)
    },
  }
}

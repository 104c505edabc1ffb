import type { Test } from 'tap'
import {
  type RedisConnections,
  openRedis,
  type RedisOptions,
} from '../../../src/app/redis/open-redis.js'
import { AppError } from '../../../src/errors/app-error.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { startTcpProxy, type TcpProxy } from '../../helpers/server/tcp-proxy.js'

/** A wire to a server that can be damaged; closed with the test. */
export async function startRedisProxy(
  t: Test,
  target: { readonly host: string; readonly port: number },
): Promise<TcpProxy & { readonly url: string }> {
  const proxy = await startTcpProxy({ target })
  t.teardown(() => proxy.close())
  return { ...proxy, url: `redis://${proxy.host}:${proxy.port}` }
}

/** Connections that are closed with the test; not started. */
export function openTestRedis(
  t: Test,
  options: Partial<RedisOptions> & Pick<RedisOptions, 'urls'>,
): RedisConnections & { readonly logger: ReturnType<typeof createMemoryLogger> } {
  const logger = createMemoryLogger()
  const redis = openRedis({
    commandTimeoutMs: 1_000,
    startTimeoutMs: 3_000,
    channelPrefix: 'test:',
    logger,
    ...options,
  })
  t.teardown(() => redis.close())
  return { ...redis, logger }
}

/** How a promise ends: its value, or the reason of its AppError. */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise
  } catch (error) {
    return error instanceof AppError ? error.reason : error
  }
}

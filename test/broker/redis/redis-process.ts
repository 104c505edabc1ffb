import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { RedisConnections } from '../../../src/app/redis/open-redis.js'
import { createRedisChannelBroker } from '../../../src/broker/redis/redis-channel-broker.js'
import type { ChannelBroker } from '../../../src/domain/channel-broker.js'
import { openTestRedis } from '../../app/redis/redis-fixture.js'
import type { ChannelBrokerSetup } from '../../contract/channel-ear.js'
import type { RedisClient } from '../../helpers/server/redis.js'

const HOUR_MS = 3_600_000

type Options = Parameters<typeof openTestRedis>[1]

/** A process of its own on the server; not started. */
export async function createProcess(
  t: Test,
  options: Options,
  keyPrefix = 'test:',
): Promise<{ readonly broker: ChannelBroker; readonly redis: RedisConnections }> {
  const redis = openTestRedis(t, { channelPrefix: keyPrefix, ...options })
  await redis.start()
  const { logger } = redis
  const broker = createRedisChannelBroker({ redis, keyPrefix, logger, metaLifetimeMs: HOUR_MS })
  t.teardown(() => broker.close())
  return { broker, redis }
}

/** How the contract makes brokers on these servers, and trouble for them. */
export const setUpOn =
  (options: Options, servers: readonly RedisClient[]) =>
  async (t: Test): Promise<ChannelBrokerSetup> => {
    const keyPrefix = `${randomUUID()}:`
    return {
      createBroker: async () => (await createProcess(t, options, keyPrefix)).broker,
      async loseStreams() {
        for (const server of servers) await server.command('FLUSHALL')
      },
      async loseMessages() {
        for (const server of servers) await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
      },
    }
  }

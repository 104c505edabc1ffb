import type { Channel } from '../../../realtime/namespace.js'
import type { CentrifugeDeps, CentrifugeOptions } from './centrifuge-deps.js'

/** Not a name that a client could use: it begins with no letter. */
const QUOTA_PREFIX = '$connections:'

/** How many connections a user has over all processes. */
export interface ConnectionQuota {
  /** Takes a place for the connection; false when there is none, over all processes and whoever else asks just now. */
  enter(connectionId: string, userId: string): Promise<boolean>
  leave(connectionId: string, userId: string): void
}

/**
 * The connections of a user are a presence of their own, so that those of a process that died count no more. A store
 * that cannot be asked keeps nobody out.
 */
export function connectionQuota(
  { presenceKeeper, logger }: CentrifugeDeps,
  { connectionsPerUserMax }: CentrifugeOptions,
): ConnectionQuota {
  const isCounted = (userId: string): boolean => connectionsPerUserMax > 0 && userId !== ''
  return {
    async enter(connectionId, userId) {
      if (!isCounted(userId)) return true
      const channel = quotaChannel(userId)
      const info = { connectionId, userId, connectionInfo: null, channelInfo: null }
      try {
        return await presenceKeeper.enterWithin(channel, info, connectionsPerUserMax)
      } catch (error) {
        logger.warn({ err: error, connectionId }, 'cannot count the connections of a user')
        return true
      }
    },
    leave(connectionId, userId) {
      if (isCounted(userId)) presenceKeeper.leave(quotaChannel(userId), connectionId)
    },
  }
}

function quotaChannel(userId: string): Channel {
  const channel = QUOTA_PREFIX + userId
  return {
    name: { channel, namespace: QUOTA_PREFIX, owners: null },
    rules: {
      ...{ historySize: 0, historySeconds: 1, recovery: false },
      ...{ presence: true, joinLeave: false, subscribe: [], publish: [], delivery: 'all' },
    },
  }
}

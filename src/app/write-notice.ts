import type { Broker } from '../domain/broker.js'
import type { Logger } from '../domain/logger.js'

export interface WriteNoticeDeps {
  readonly broker: Broker
  readonly logger: Logger
  /** How long a write waits for the other processes to hear of it, in milliseconds. */
  readonly timeoutMs: number
}

/** Over it a message says that any user may have been written to. */
const NAMED_MAX = 1_000

/**
 * Tells every process of a write, so that no one shows what it remembers of its users, or reads it from a
 * replica that does not have the write yet. Never rejects: the write has happened, and a process that does not hear of it reads what is older
 * than the bound of the store at the latest.
 */
export function createWriteNotice({
  broker,
  logger,
  timeoutMs,
}: WriteNoticeDeps): (userIds: readonly string[] | null) => Promise<void> {
  return async (userIds) => {
    try {
      await broker.survey('users_changed', { userIds: bounded(userIds) }, timeoutMs)
    } catch (error) {
      logger.warn({ err: error }, 'the other processes could not be told of a write')
    }
  }
}

function bounded(userIds: readonly string[] | null): readonly string[] | null {
  return userIds !== null && userIds.length > NAMED_MAX ? null : userIds
}

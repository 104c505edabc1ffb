import type { Broker } from '../domain/broker.js'
import type { Logger } from '../domain/logger.js'

export interface WriteNoticeDeps {
  readonly broker: Broker
  readonly logger: Logger
  /** How long a write waits for the other processes to hear of it, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Tells every process of a write, so that no one reads what it concerns from a replica that does not have it
 * yet. Never rejects: the write has happened, and a process that does not hear of it reads what is older
 * than the bound of the store at the latest.
 */
export function createWriteNotice({
  broker,
  logger,
  timeoutMs,
}: WriteNoticeDeps): (userIds: readonly string[] | null) => Promise<void> {
  return async (userIds) => {
    try {
      await broker.survey('users_written', { userIds }, timeoutMs)
    } catch (error) {
      logger.warn({ err: error }, 'the other processes could not be told of a write')
    }
  }
}

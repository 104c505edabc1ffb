import type { BrokerConnection } from './broker-store.js'
import { BATCH_ROWS, lastId, type NumberedTable } from './message-table.js'

export interface MessageBatch<M> {
  /** In the order in which they were sent. */
  readonly messages: readonly M[]
  /** Messages between the last batch and this one are gone. */
  readonly gap: boolean
  /** There may be another batch at once. */
  readonly more: boolean
}

/** The place up to which a process has read the messages of a table. */
export interface MessageCursor<M> {
  /** Reads on; never gives a message twice. */
  next(db: BrokerConnection): MessageBatch<M>
  /** Goes on with what is sent from now on. */
  moveToEnd(db: BrokerConnection): void
}

/**
 * Ids are given one by one by the one writer of the file, and a rolled-back one is given again. So a jump
 * means that messages were pruned before they were read, and a step back that the data was replaced.
 * `list` reads the next BATCH_ROWS messages after an id, oldest first.
 */
export function createMessageCursor<M extends { readonly id: number }>(
  table: NumberedTable,
  list: (db: BrokerConnection, afterId: number) => readonly M[],
): MessageCursor<M> {
  let position = 0

  const next = (db: BrokerConnection): MessageBatch<M> => {
    // Before the messages: one that is sent between the two reads must not look like a lost one.
    const newest = lastId(db, table)
    if (newest < position) {
      position = newest
      return { messages: [], gap: true, more: false }
    }
    const messages = list(db, position)
    const first = messages[0]
    const gap = first ? first.id > position + 1 : newest > position
    position = messages.at(-1)?.id ?? newest
    return { messages, gap, more: messages.length === BATCH_ROWS }
  }

  return {
    next,
    moveToEnd: (db) => {
      position = lastId(db, table)
    },
  }
}

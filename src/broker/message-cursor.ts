import type { BrokerConnection } from './broker-store.js'
import { BATCH_ROWS, lastId, listMessages, type StoredMessage } from './message-table.js'

export interface MessageBatch {
  /** In the order in which they were sent. */
  readonly messages: readonly StoredMessage[]
  /** Messages between the last batch and this one are gone. */
  readonly gap: boolean
  /** There may be another batch at once. */
  readonly more: boolean
}

/** The place up to which a process has read the messages. */
export interface MessageCursor {
  /** Reads on; never gives a message twice. */
  next(db: BrokerConnection): MessageBatch
  /** Goes on after `id`. */
  moveTo(id: number): void
}

/**
 * Ids are given one by one by the one writer of the file, and a rolled-back one is given again. So a jump
 * means that messages were pruned before they were read, and a step back that the data was replaced.
 */
export function createMessageCursor(): MessageCursor {
  let position = 0

  const next = (db: BrokerConnection): MessageBatch => {
    // Before the messages: one that is sent between the two reads must not look like a lost one.
    const newest = lastId(db, 'broker_messages')
    if (newest < position) {
      position = newest
      return { messages: [], gap: true, more: false }
    }
    const messages = listMessages(db, position)
    const first = messages[0]
    const gap = first ? first.id > position + 1 : newest > position
    position = messages.at(-1)?.id ?? newest
    return { messages, gap, more: messages.length === BATCH_ROWS }
  }

  return {
    next,
    moveTo: (id) => {
      position = id
    },
  }
}

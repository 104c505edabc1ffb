import { AppError } from '../errors/app-error.js'

const RETRY_AFTER_SECONDS = 5

/** Open connections by address, in this process. */
export interface AddressQuota {
  /** Whether one more connection of this address would be too many. */
  isFull(address: string): boolean
  /**
   * Counts an open connection, until `leave`. False when it is one too many: others came at the same time, and this one
   * is to be closed.
   */
  enter(address: string): boolean
  leave(address: string): void
}

/** Counts up to `max` connections of an address; 0 allows any number. An address without one takes no memory. */
export function createAddressQuota(max: number): AddressQuota {
  const counts = new Map<string, number>()
  return {
    isFull: (address) => max > 0 && (counts.get(address) ?? 0) >= max,
    enter(address) {
      const count = (counts.get(address) ?? 0) + 1
      counts.set(address, count)
      return max <= 0 || count <= max
    },
    leave(address) {
      const left = (counts.get(address) ?? 0) - 1
      if (left > 0) counts.set(address, left)
      else counts.delete(address)
    },
  }
}

/** The refusal of a connection whose address has as many as it may. */
export function tooManyOfAddress(): AppError {
  const message = 'Too many connections are open from this address.'
  return new AppError('RESOURCE_EXHAUSTED', 'too_many_connections_of_address', message, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })
}

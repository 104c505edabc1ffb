/** Open connections by address, in this process. */
export interface AddressQuota {
  /** Whether one more connection of this address would be too many. */
  isFull(address: string): boolean
  enter(address: string): void
  leave(address: string): void
}

/** Counts up to `max` connections of an address; 0 allows any number. An address without one takes no memory. */
export function createAddressQuota(max: number): AddressQuota {
  const counts = new Map<string, number>()
  return {
    isFull: (address) => max > 0 && (counts.get(address) ?? 0) >= max,
    enter: (address) => void counts.set(address, (counts.get(address) ?? 0) + 1),
    leave(address) {
      const left = (counts.get(address) ?? 0) - 1
      if (left > 0) counts.set(address, left)
      else counts.delete(address)
    },
  }
}

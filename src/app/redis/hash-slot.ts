/** How many slots a Redis Cluster has. */
export const SLOT_COUNT = 16_384

const CRC16_POLYNOMIAL = 0x1021

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit += 1) {
    crc = (crc & 0x8000) !== 0 ? (crc << 1) ^ CRC16_POLYNOMIAL : crc << 1
  }
  return crc & 0xffff
})

/**
 * The slot of a key: CRC16 (XMODEM) of the key, or of what stands between its first braces, modulo 16384
 * (Redis Cluster specification, "Hash tags").
 */
export function hashSlot(key: string): number {
  let crc = 0
  for (const byte of Buffer.from(hashedPartOf(key))) {
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ byte] ?? 0)
  }
  return crc % SLOT_COUNT
}

/**
 * One hash tag for each of `count` partitions, spread so that every contiguous range of slots, and with it
 * every master of a cluster of any size, gets its even share.
 */
export function partitionTags(count: number): readonly string[] {
  const width = SLOT_COUNT / count
  const tags = new Map<number, string>()
  for (let candidate = 0; tags.size < count; candidate += 1) {
    const tag = String(candidate)
    const position = hashSlot(tag) / width
    const partition = Math.floor(position)
    const isInMiddle = position - partition >= 0.4 && position - partition < 0.6
    if (isInMiddle && !tags.has(partition)) tags.set(partition, tag)
  }
  return Array.from({ length: count }, (_, partition) => tags.get(partition) ?? '')
}

function hashedPartOf(key: string): string {
  const open = key.indexOf('{')
  if (open < 0) return key
  const close = key.indexOf('}', open + 1)
  return close > open + 1 ? key.slice(open + 1, close) : key
}

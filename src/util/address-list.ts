import { isIPv4, isIPv6 } from 'node:net'

/** A fixed set of IP addresses, written as patterns. */
export interface AddressList {
  /**
   * Whether a pattern covers the address. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) counts as the
   * IPv4 address it carries; a zone (`fe80::1%eth0`) is ignored. False for text that is no IP address.
   */
  includes(address: string): boolean
}

/** One bit pattern: an address of 4 or 16 bytes matches when it equals `bytes` wherever `mask` has a one. */
interface Rule {
  readonly bytes: readonly number[]
  readonly mask: readonly number[]
}

const IPV4_BYTES = 4
const IPV6_BYTES = 16
const IPV6_NETWORK_BYTES = 8
const BYTE_BITS = 8
const BYTE_ONES = 255
/** ::ffff:0:0/96, the IPv6 form of IPv4 addresses (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, BYTE_ONES, BYTE_ONES]

/**
 * Compiles patterns: an exact IPv4 or IPv6 address, an IPv4 address with `*` for whole octets
 * (`192.168.163.*`), or a CIDR block (`10.0.0.0/8`, `2001:db8::/32`). Patterns become bytes and masks, so
 * `127.0.0.1` never covers `127.0.0.10`. An empty list includes nothing. Raises TypeError that names the
 * pattern that is none of these.
 */
export function createAddressList(patterns: readonly string[]): AddressList {
  const rules = patterns.map(parsePattern)
  return {
    includes: (address) => {
      const bytes = parseAddress(withoutZone(address))
      return bytes !== null && rules.some((rule) => matches(rule, bytes))
    },
  }
}

function matches({ bytes, mask }: Rule, address: readonly number[]): boolean {
  return (
    bytes.length === address.length &&
    bytes.every((byte, index) => ((byte ^ (address[index] ?? 0)) & (mask[index] ?? 0)) === 0)
  )
}

function parsePattern(pattern: string): Rule {
  const rule = pattern.includes('/') ? parseBlock(pattern) : parseSingle(pattern)
  if (rule) return rule
  throw new TypeError(
    `"${pattern}" is not an address pattern: expected an IP address, an IPv4 address with "*" for an ` +
      'octet, or a CIDR block.',
  )
}

function parseSingle(pattern: string): Rule | null {
  const octets = pattern.split('.')
  const exact = parseAddress(octets.map((octet) => (octet === '*' ? '0' : octet)).join('.'))
  if (exact === null) return null
  const mask = exact.map((_, index) => (octets[index] === '*' ? 0 : BYTE_ONES))
  // A star is only a placeholder for an octet of a plain IPv4 address, not of a mapped one.
  const starred = octets.includes('*')
  return starred && (octets.length !== IPV4_BYTES || pattern.includes(':'))
    ? null
    : { bytes: exact, mask }
}

function parseBlock(pattern: string): Rule | null {
  const [address = '', length = '', ...rest] = pattern.split('/')
  const bytes = rest.length === 0 ? rawBytes(address) : null
  const bits = Number(length)
  // The round trip refuses what Number accepts but a prefix length is not: "", "08", "1e1", " 8".
  if (bytes === null || String(bits) !== length || !Number.isInteger(bits)) return null
  if (bits < 0 || bits > bytes.length * BYTE_BITS) return null
  const mask = bytes.map((_, index) => maskByte(bits - index * BYTE_BITS))
  const mappedBits = MAPPED_PREFIX.length * BYTE_BITS
  if (!isMapped(bytes) || bits < mappedBits) return { bytes, mask }
  return { bytes: bytes.slice(MAPPED_PREFIX.length), mask: mask.slice(MAPPED_PREFIX.length) }
}

/** The mask byte that has the first `bits` of its eight bits set. */
function maskByte(bits: number): number {
  const ones = Math.min(Math.max(bits, 0), BYTE_BITS)
  return (BYTE_ONES << (BYTE_BITS - ones)) & BYTE_ONES
}

/**
 * The network that one customer of a provider has to themselves: an IPv4 address as it is, the first 64 bits of an
 * IPv6 address (RFC 6177 §2), in one spelling each. Text that is no IP address stays as it is.
 */
export function networkOf(address: string): string {
  const bytes = parseAddress(withoutZone(address))
  if (bytes === null) return address
  if (bytes.length === IPV4_BYTES) return bytes.join('.')
  return `${Buffer.from(bytes.slice(0, IPV6_NETWORK_BYTES)).toString('hex')}/64`
}

/** 4 bytes for IPv4 and for an IPv4-mapped IPv6 address, 16 for other IPv6, null for anything else. */
function parseAddress(text: string): readonly number[] | null {
  const bytes = rawBytes(text)
  return bytes !== null && isMapped(bytes) ? bytes.slice(MAPPED_PREFIX.length) : bytes
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === IPV6_BYTES && MAPPED_PREFIX.every((byte, index) => byte === bytes[index])
}

function rawBytes(text: string): readonly number[] | null {
  if (isIPv4(text)) return text.split('.').map(Number)
  return isIPv6(text) && !text.includes('%') ? ipv6Bytes(text) : null
}

/** The 16 bytes of an IPv6 address that `isIPv6` has already accepted. */
function ipv6Bytes(text: string): readonly number[] {
  const [head = '', tail] = text.split('::')
  const before = groupBytes(head)
  const after = groupBytes(tail ?? '')
  const gap = new Array<number>(IPV6_BYTES - before.length - after.length).fill(0)
  return [...before, ...gap, ...after]
}

function groupBytes(text: string): readonly number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> BYTE_BITS, value & BYTE_ONES]
  })
}

function withoutZone(address: string): string {
  const at = address.indexOf('%')
  return at === -1 ? address : address.slice(0, at)
}

import { BlockList, isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** Whether a peer of that address may speak for others (`X-Forwarded-*`, `X-Request-Id`). */
export type ProxyTrust = (address: string) => boolean

/** Names for the ranges that never belong to a stranger. */
const NAMED_RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

const MAPPED_IPV4_PREFIX = '::ffff:'

/**
 * Trust in the listed addresses, CIDR ranges and named ranges (`loopback`, `linklocal`, `uniquelocal`).
 * Throws a RangeError that names an entry which is none of these.
 */
export function createProxyTrust(trustedProxies: readonly string[]): ProxyTrust {
  const list = new BlockList()
  for (const entry of trustedProxies.flatMap((name) => NAMED_RANGES[name] ?? [name])) {
    addEntry(list, entry)
  }
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

function addEntry(list: BlockList, entry: string): void {
  const [address = '', prefix, ...rest] = entry.split('/')
  const family = isIP(address)
  const bits = prefix === undefined ? null : Number(prefix)
  const bitsMax = family === 4 ? 32 : 128
  const isRange = bits !== null && /^\d{1,3}$/.test(prefix ?? '') && bits <= bitsMax
  if (family === 0 || rest.length > 0 || (bits !== null && !isRange)) {
    throw new RangeError(`not an address or range of trusted proxies: "${entry}"`)
  }
  const type = family === 4 ? 'ipv4' : 'ipv6'
  if (bits === null) list.addAddress(address, type)
  else list.addSubnet(address, bits, type)
}

/**
 * The peer's address after the trusted proxies. What a proxy passed on and is no address does not count: the
 * socket's own address is the answer then. IPv4 in its IPv6 clothing is undressed.
 */
export function peerAddress(request: FastifyRequest): string {
  const { ip } = request
  const own = request.raw.socket.remoteAddress ?? ''
  const address = ip === own || isIP(ip) !== 0 ? ip : own
  return address.startsWith(MAPPED_IPV4_PREFIX) ? address.slice(MAPPED_IPV4_PREFIX.length) : address
}

import { isIP, isIPv4 } from 'node:net'

/** What a text must look like: the test and the words for it in an error. */
export interface TextFormat {
  readonly expectation: string
  readonly test: (value: string) => boolean
}

const COOKIE_SECRET_CHARS_MIN = 32
const PORT_MAX = 65_535
const CONTROL = /\p{Cc}/u
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i
const ONLY_DIGITS_AND_DOTS = /^[\d.]+$/

export const FORMATS = {
  name: {
    expectation: 'non-empty text without control characters',
    test: (value) => value.trim() !== '' && !CONTROL.test(value),
  },
  path: {
    expectation: 'the path of a file or folder',
    test: isPath,
  },
  'optional-path': {
    expectation: 'the path of a folder, or empty',
    test: (value) => value === '' || isPath(value),
  },
  host: {
    expectation: 'a host name or an IP address',
    test: isHost,
  },
  'optional-host-port': {
    expectation: 'host:port, or empty',
    test: (value) => value === '' || isHostPort(value),
  },
  origin: {
    expectation: 'an origin such as https://app.example.com (scheme, host and port only)',
    test: isOrigin,
  },
  'address-range': {
    expectation: 'an IP address or a CIDR range such as 10.0.0.0/8',
    test: isAddressRange,
  },
  'address-pattern': {
    expectation: 'an IP address, a CIDR range such as 10.0.0.0/8, or a pattern such as 192.168.*.*',
    test: (value) => isAddressRange(value) || isAddressPattern(value),
  },
  'api-key': {
    expectation: 'visible ASCII characters without spaces, or empty',
    test: (value) => /^[\x21-\x7e]*$/.test(value),
  },
  'optional-name': {
    expectation: 'text without control characters, or empty',
    test: (value) => !CONTROL.test(value),
  },
  'mysql-url': {
    expectation: 'a URL such as mysql://user:password@host:3306/database',
    test: isMysqlUrl,
  },
  'optional-mysql-url': {
    expectation: 'a URL such as mysql://user:password@host:3306/database, or empty',
    test: (value) => value === '' || isMysqlUrl(value),
  },
  'redis-url': {
    expectation: 'a URL such as redis://host:6379 (rediss:// for TLS)',
    test: (value) => /^rediss?:\/\/[^/]/.test(value) && URL.canParse(value),
  },
  'key-prefix': {
    expectation: 'letters, digits, ":", ".", "_" or "-", or empty',
    test: (value) => /^[A-Za-z0-9:._-]*$/.test(value),
  },
  'cookie-secret': {
    expectation: `at least ${COOKIE_SECRET_CHARS_MIN} characters, or empty`,
    test: (value) => value === '' || [...value].length >= COOKIE_SECRET_CHARS_MIN,
  },
} as const satisfies Record<string, TextFormat>

export type FormatName = keyof typeof FORMATS

function isPath(value: string): boolean {
  return value.trim() !== '' && !value.includes('\0')
}

function isHost(value: string): boolean {
  if (isIP(value) !== 0) return true
  // 300.1.2.3 is a mistyped address, not a name.
  return HOST_NAME.test(value) && !ONLY_DIGITS_AND_DOTS.test(value)
}

function isHostPort(value: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value)
  if (match === null) return false
  const [, bracketed, plain, port] = match
  const hostHolds = bracketed === undefined ? isHost(plain ?? '') : isIP(bracketed) === 6
  return hostHolds && Number(port) <= PORT_MAX
}

function isOrigin(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value) && new URL(value).origin === value
}

function isMysqlUrl(value: string): boolean {
  return /^(?:mysql|mariadb):\/\/[^/]+\/[^/?#]+$/.test(value) && URL.canParse(value)
}

function isAddressRange(value: string): boolean {
  const slash = value.indexOf('/')
  if (slash === -1) return isIP(value) !== 0
  const version = isIP(value.slice(0, slash))
  const bits = value.slice(slash + 1)
  return version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

function isAddressPattern(value: string): boolean {
  const octets = value.split('.')
  return (
    octets.length === 4 && isIPv4(octets.map((octet) => (octet === '*' ? '0' : octet)).join('.'))
  )
}

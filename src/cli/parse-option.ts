import { InvalidArgumentError } from 'commander'

const PORT_MAX = 65_535

/** A port from 0 to 65535; 0 picks a free one. */
export function parsePort(text: string): number {
  return parseInteger(text, 0, PORT_MAX)
}

/** An integer in a range, as a parser of an option. */
export function integerBetween(minimum: number, maximum: number): (text: string) => number {
  return (text) => parseInteger(text, minimum, maximum)
}

/** The address of a WebSocket server. */
export function parseWebSocketUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  if (protocol === 'ws:' || protocol === 'wss:') return text
  throw new InvalidArgumentError('Expected a URL that begins with ws:// or wss://.')
}

function parseInteger(text: string, minimum: number, maximum: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (value >= minimum && value <= maximum) return value
  throw new InvalidArgumentError(`Expected an integer from ${minimum} to ${maximum}.`)
}

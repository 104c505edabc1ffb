import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { ProxyTrust } from './peer-address.js'

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/

/**
 * Gives every request its id: the one that a trusted proxy sent along, when it looks like one, or a fresh
 * one. A stranger cannot choose what our log says.
 */
export function createRequestIds(trust: ProxyTrust): (request: IncomingMessage) => string {
  return (request) => {
    const given = request.headers['x-request-id']
    return typeof given === 'string' &&
      REQUEST_ID.test(given) &&
      trust(request.socket.remoteAddress ?? '')
      ? given
      : randomUUID()
  }
}

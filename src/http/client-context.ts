import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ClientContext, ClientLabeler } from '../domain/client.js'
import { type CookieNames, readCookies, writeCookie } from './cookie.js'
import { peerAddress } from './peer-address.js'

const USER_AGENT_CHARS_MAX = 256
/** What browsers keep a cookie at most (RFC 6265bis §5.5): 400 days. */
const CLIENT_COOKIE_MAX_AGE_SECONDS = 400 * 24 * 60 * 60
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}]/gu
/** What nearly all user agents are; this is found out in a fraction of the time. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/

export interface ClientContextDeps {
  readonly clientLabeler: ClientLabeler
  readonly cookies: CookieNames
  readonly secureCookies: boolean
}

/**
 * Who is at the other end. A browser without a genuine label gets one with this answer.
 */
export function resolveClient(
  deps: ClientContextDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): ClientContext {
  const given = readCookies(request.headers.cookie, deps.cookies).client
  const known = given === null ? null : deps.clientLabeler.read(given)
  return {
    clientId: known ?? issueLabel(deps, reply),
    userAgent: cleanUserAgent(request.headers['user-agent']),
    address: peerAddress(request),
  }
}

/** The user agent as sent, without control characters, cut to 256 characters. */
export function cleanUserAgent(header: string | undefined): string {
  if (header === undefined) return ''
  const clean = PRINTABLE_ASCII.test(header) ? header : header.replace(CONTROL_CHARACTERS, '')
  return clean.trim().slice(0, USER_AGENT_CHARS_MAX)
}

function issueLabel(
  { clientLabeler, cookies, secureCookies }: ClientContextDeps,
  reply: FastifyReply,
) {
  const { clientId, cookieValue } = clientLabeler.issue()
  writeCookie(reply, cookies.client, cookieValue, {
    maxAgeSeconds: CLIENT_COOKIE_MAX_AGE_SECONDS,
    sameSite: 'lax',
    secure: secureCookies,
  })
  return clientId
}

import type {} from '@fastify/cookie'
import type { FastifyReply } from 'fastify'
import { AppError } from '../errors/app-error.js'

/** How our cookies are called. */
export interface CookieNames {
  /** The label of the browser. */
  readonly client: string
  /** The access token. */
  readonly access: string
  /** The refresh token. */
  readonly refresh: string
  /** The secret of a browser that is signing in with a provider. */
  readonly oauth: string
}

/** What a request carried; null when absent. What is no credential and came twice counts as absent. */
export interface Cookies {
  readonly client: string | null
  readonly access: string | null
  readonly refresh: string | null
  readonly oauth: string | null
}

export interface CookieAttributes {
  /** Zero ends the cookie. */
  readonly maxAgeSeconds: number
  readonly sameSite: 'lax' | 'strict'
  readonly secure: boolean
}

const PLAIN_NAMES: CookieNames = { client: '_cid', access: '_at', refresh: '_rt', oauth: '_oauth' }
/** The prefix makes browsers refuse the cookie from a sibling domain, a sub-path or plain HTTP. */
const SECURE_NAMES: CookieNames = {
  client: '__Host-cid',
  access: '__Host-at',
  refresh: '__Host-rt',
  oauth: '__Host-oauth',
}
/** Characters that no encoding of a cookie value changes. */
const COOKIE_VALUE = /^[A-Za-z0-9._~-]*$/
const NONE: Cookies = { client: null, access: null, refresh: null, oauth: null }

/** The names for a deployment with or without secure cookies. */
export function cookieNames(secure: boolean): CookieNames {
  return secure ? SECURE_NAMES : PLAIN_NAMES
}

/**
 * Reads our cookies from a Cookie header (RFC 6265 §5.4), undecoded: what we set needs no decoding.
 * Raises INVALID_ARGUMENT (`cookie_duplicated`) when a credential came twice: one of the two was planted.
 */
export function readCookies(header: string | undefined, names: CookieNames): Cookies {
  if (header === undefined) return NONE
  const found: Mutable<Cookies> = { ...NONE }
  const counts = { client: 0, oauth: 0 }
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at < 0) continue
    const name = pair.slice(0, at).trim()
    if (name === names.client || name === names.oauth) {
      const kind = name === names.client ? 'client' : 'oauth'
      counts[kind] += 1
      found[kind] = counts[kind] === 1 ? pair.slice(at + 1).trim() : null
    } else if (name === names.access || name === names.refresh) {
      const kind = name === names.access ? 'access' : 'refresh'
      if (found[kind] !== null) throw duplicated(name)
      found[kind] = pair.slice(at + 1).trim()
    }
  }
  return found
}

/**
 * Sets a cookie with the answer: HttpOnly, for the whole host, never for a domain. The value comes back as it
 * is given; one that would not raises a TypeError.
 */
export function writeCookie(
  reply: FastifyReply,
  name: string,
  value: string,
  { maxAgeSeconds, sameSite, secure }: CookieAttributes,
): void {
  if (!COOKIE_VALUE.test(value)) throw new TypeError(`not a value for the cookie ${name}`)
  void reply.setCookie(name, value, {
    maxAge: Math.floor(maxAgeSeconds),
    path: '/',
    httpOnly: true,
    sameSite,
    secure,
  })
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function duplicated(name: string): AppError {
  return new AppError('INVALID_ARGUMENT', 'cookie_duplicated', `The cookie ${name} came twice.`)
}

import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors/app-error.js'

export interface CrossSiteOptions {
  /** With secure cookies our own pages come over https only. */
  readonly secureCookies: boolean
  /** Further origins whose pages may act for their users, as browsers write them: `https://app.example`. */
  readonly allowedOrigins: readonly string[]
}

/** `same`: our own page or no page at all; `foreign`: another site; `unknown`: nothing tells. */
export type RequestSource = 'same' | 'foreign' | 'unknown'

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether the method promises to change nothing (RFC 9110 §9.2.1). */
export function isSafeMethod(method: string): boolean {
  return SAFE_METHODS.has(method)
}

/**
 * Tells whose page made a request, by what browsers add and pages cannot forge: `Sec-Fetch-Site` first,
 * `Origin` where it is missing. A page of another origin, be it a sibling, counts as our own only when its origin
 * is listed: such a page is trusted to act for its users.
 */
export function createSourceCheck(
  options: CrossSiteOptions,
): (request: FastifyRequest) => RequestSource {
  const allowed: ReadonlySet<string> = new Set(options.allowedOrigins)
  const schemes = options.secureCookies ? ['https://'] : ['http://', 'https://']
  return (request) => {
    const { origin } = request.headers
    const site = request.headers['sec-fetch-site']
    if (site === 'same-origin' || site === 'none') return 'same'
    if (site !== undefined) return allowed.has(origin ?? '') ? 'same' : 'foreign'
    if (origin === undefined) return 'unknown'
    const host = request.host.toLowerCase()
    const isOwn = host !== '' && schemes.some((scheme) => origin === scheme + host)
    return isOwn || allowed.has(origin) ? 'same' : 'foreign'
  }
}

/** The refusal of a request that another site's page made, or may have made. */
export function crossSiteRequest(): AppError {
  return new AppError(
    'PERMISSION_DENIED',
    'cross_site_request',
    'This request must come from a page of this site.',
  )
}

import { lookup, type LookupAddress } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { CustomFetch, CustomFetchOptions } from 'openid-client'
import { AppError } from '../../errors/app-error.js'
import { createAddressList } from '../../util/address-list.js'
import type { ProviderLimits } from './provider-settings.js'

/** What is ours alone to reach: a provider must not make us knock there (RFC 6890). */
const INTERNAL_ADDRESSES = createAddressList([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3'],
  ...['::/127', '64:ff9b:1::/48', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
])

/** A body that a Response of this status may not have (https://fetch.spec.whatwg.org/#null-body-status). */
const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([204, 205, 304])
const SERVER_ERROR_STATUS = 500

export interface ProviderFetchOptions extends ProviderLimits {
  /** The host of the configured issuer: the operator chose it, so it may be an internal one. */
  readonly issuerHost: string
}

/**
 * The requests of one step of a sign-in. All of them together get `requestTimeoutMs`, each answer gets
 * `answerBytesMax` as it comes over the wire (nothing is unpacked), no redirect is followed, and a host other
 * than the issuer's must have a public address at the moment of dialling.
 * Raises UNAVAILABLE (`provider_unavailable`) for all of that, and for a 5xx answer.
 */
export function createProviderFetch(options: ProviderFetchOptions): CustomFetch {
  const deadline = AbortSignal.timeout(options.requestTimeoutMs)
  return async (url, init) => {
    try {
      const incoming = await send(new URL(url), init, deadline, options.issuerHost)
      const body = await readBody(incoming, options.answerBytesMax)
      return toResponse(incoming, body)
    } catch (error) {
      throw providerUnavailable(error)
    }
  }
}

/** The error of a provider that does not answer as a server that works does. */
export function providerUnavailable(cause: unknown): AppError {
  const message = 'The sign-in provider does not answer now; try again shortly.'
  return new AppError('UNAVAILABLE', 'provider_unavailable', message, { cause })
}

function send(
  url: URL,
  init: CustomFetchOptions,
  signal: AbortSignal,
  issuerHost: string,
): Promise<IncomingMessage> {
  const isTrusted = url.hostname === issuerHost
  // A literal address is never looked up.
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (!isTrusted && isIP(literal) !== 0) refuseInternal([{ address: literal, family: 0 }])
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const outgoing = send(url, {
      method: init.method,
      headers: { ...init.headers, 'accept-encoding': 'identity' },
      agent: false,
      signal,
      ...(isTrusted ? {} : { lookup: lookupPublic }),
    })
    outgoing.on('error', reject)
    outgoing.on('response', resolve)
    outgoing.end(bodyOf(init))
  })
}

/** All that the library sends: nothing, or a form. */
function bodyOf({ body }: CustomFetchOptions): string | undefined {
  if (body === null || body === undefined) return undefined
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString()
  throw new TypeError('a body of this kind is not sent to a provider')
}

const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? []
    try {
      if (error) throw error
      if (first === undefined) throw new Error('the host has no address')
      refuseInternal(addresses)
    } catch (thrown) {
      callback(thrown as NodeJS.ErrnoException, [])
      return
    }
    if (options.all === true) callback(null, addresses)
    else callback(null, first.address, first.family)
  })
}

function refuseInternal(addresses: readonly LookupAddress[]): void {
  if (addresses.some(({ address }) => INTERNAL_ADDRESSES.includes(address))) {
    throw new Error('the provider points to an internal address')
  }
}

async function readBody(incoming: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // Leaving the loop destroys the stream, and the connection with it.
    if (bytes > bytesMax) throw new Error('the answer of the provider is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function toResponse(incoming: IncomingMessage, body: Uint8Array): Response {
  const status = incoming.statusCode ?? 0
  if (status >= SERVER_ERROR_STATUS) throw new Error(`the provider answered ${status}`)
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  return new Response(NULL_BODY_STATUSES.has(status) ? null : body, { status, headers })
}

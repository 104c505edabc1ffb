import type { FastifyRequest } from 'fastify'
import { AppError, invalidArgument, toAppError } from '../errors/app-error.js'
import { type AddressList, createAddressList } from '../util/address-list.js'
import { tooManyOfAddress } from './address-quota.js'

const RETRY_AFTER_SECONDS = 5

export interface UpgradeGuardDeps {
  /** Whether one more connection would be too many. */
  readonly isFull: () => boolean
  /** Whether the server is going away. */
  readonly isClosing: () => boolean
  /** Whether one more connection of this address would be too many. */
  readonly isAddressFull?: (address: string) => boolean
  /** Told of every refusal. */
  readonly onRefused?: (reason: string) => void
}

export interface UpgradeGuardOptions {
  /** Origins allowed besides the server's own, exactly as browsers send them. */
  readonly allowedOrigins: readonly string[]
  /** Address patterns of `createAddressList`; when there is none, every address is allowed. */
  readonly allowedAddresses: readonly string[]
}

/** Decides before the upgrade whether a request may become a WebSocket. Raises the AppError if it may not. */
export type UpgradeGuard = (request: FastifyRequest) => void

/**
 * Creates the guard: address, then origin, then capacity. Raises INVALID_ARGUMENT that names a malformed
 * address pattern. The guard raises PERMISSION_DENIED (`address_refused`, `origin_refused`) and UNAVAILABLE
 * (`server_shutdown`, `too_many_connections`), RESOURCE_EXHAUSTED (`too_many_connections_of_address`).
 */
export function createUpgradeGuard(
  deps: UpgradeGuardDeps,
  options: UpgradeGuardOptions,
): UpgradeGuard {
  const addresses = readAddressList(options.allowedAddresses)
  const origins = new Set(options.allowedOrigins)
  const check: UpgradeGuard = (request) => {
    if (addresses !== null && !addresses.includes(request.ip)) {
      const message = 'Connections from this address are not allowed.'
      throw new AppError('PERMISSION_DENIED', 'address_refused', message)
    }
    const { origin, host } = request.headers
    // Only browsers send an Origin, and they always do: without one there is no cross-site page to fear.
    if (origin !== undefined && !origins.has(origin) && !isSameOrigin(origin, host)) {
      const message = 'Connections from this origin are not allowed.'
      throw new AppError('PERMISSION_DENIED', 'origin_refused', message)
    }
    if (deps.isClosing()) throw unavailable('server_shutdown', 'The server is going away.')
    if (deps.isFull()) throw unavailable('too_many_connections', 'Too many connections are open.')
    if (deps.isAddressFull?.(request.ip) === true) throw tooManyOfAddress()
  }
  return (request) => {
    try {
      check(request)
    } catch (error) {
      deps.onRefused?.(toAppError(error).reason)
      throw error
    }
  }
}

function readAddressList(patterns: readonly string[]): AddressList | null {
  if (patterns.length === 0) return null
  try {
    return createAddressList(patterns)
  } catch (error) {
    throw invalidArgument(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Whether the page comes from the host that the request asks for. The scheme may differ, because TLS often
 * ends at a proxy. `null`, and whatever is not the serialisation of an http(s) origin (RFC 6454 §6.2), is
 * foreign.
 */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : null
  if (url === null || url.origin !== origin || host === undefined) return false
  const own = `${url.protocol}//${host}`
  return URL.canParse(own) && new URL(own).origin === origin
}

function unavailable(reason: string, message: string): AppError {
  return new AppError('UNAVAILABLE', reason, message, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}

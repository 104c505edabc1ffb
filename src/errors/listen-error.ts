import { AppError } from './app-error.js'

/** Where a service listens. */
export interface ListenAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatAddress({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * The error of a failed listen: FAILED_PRECONDITION naming the address, with reason `address_in_use` when
 * somebody else listens there, `address_forbidden`, or `address_unavailable` for anything else.
 */
export function listenError(cause: unknown, address: ListenAddress): AppError {
  const place = formatAddress(address)
  const code = (cause as NodeJS.ErrnoException | null)?.code
  if (code === 'EADDRINUSE') return failed('address_in_use', `${place} is already in use.`, cause)
  if (code === 'EACCES') {
    return failed('address_forbidden', `Not allowed to listen on ${place}.`, cause)
  }
  return failed('address_unavailable', `Cannot listen on ${place}.`, cause)
}

function failed(reason: string, message: string, cause: unknown): AppError {
  return new AppError('FAILED_PRECONDITION', reason, message, { cause })
}

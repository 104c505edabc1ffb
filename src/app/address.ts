import { AppError } from '../errors/app-error.js'

/** Where a service listens. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * The error of a failed listen: FAILED_PRECONDITION naming the address, with reason `port_in_use`,
 * `port_forbidden` or `address_unavailable`; other errors are passed through.
 */
export function listenError(thrown: unknown, address: ListenAddress): unknown {
  const code = (thrown as NodeJS.ErrnoException | null)?.code
  const at = formatAddress(address)
  switch (code) {
    case 'EADDRINUSE':
      return failed('port_in_use', `Cannot listen on ${at}: the port is in use.`, thrown)
    case 'EACCES':
      return failed('port_forbidden', `Cannot listen on ${at}: permission denied.`, thrown)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failed('address_unavailable', `Cannot listen on ${at}: no such address here.`, thrown)
    default:
      return thrown
  }
}

function failed(reason: string, message: string, cause: unknown): AppError {
  return new AppError('FAILED_PRECONDITION', reason, message, { cause })
}

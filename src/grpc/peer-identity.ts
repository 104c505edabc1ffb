import type { TLSSocket } from 'node:tls'
import { AppError } from '../errors/app-error.js'

/** A peer that proved itself by a client certificate. */
export interface PeerIdentity {
  /** The name by which it is known: the first of its names, or the first that is allowed. */
  readonly name: string
  /** When its certificate expires, in milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Looks up who is behind a connection; `peer` is `address:port` as grpc-js names it. */
export type IdentitySource = (peer: string) => PeerIdentity | undefined

const ALT_NAME = /^(?:DNS|URI):(.+)$/

/**
 * Who a verified client certificate stands for. Its names are those of the subject alternative name (DNS and
 * URI), or the common name when it has none. Raises PERMISSION_DENIED (`peer_name_not_allowed`) when there is
 * a list and none of them is on it.
 */
export function identifyPeer(socket: TLSSocket, allowedNames: readonly string[]): PeerIdentity {
  const certificate = socket.getPeerX509Certificate()
  const names = certificate ? namesOf(certificate.subjectAltName, certificate.subject) : []
  const allowed = new Set(allowedNames.map(canonical))
  const name = names.find((candidate) => allowed.size === 0 || allowed.has(canonical(candidate)))
  if (certificate && name !== undefined) {
    return { name, expiresAt: Date.parse(certificate.validTo) }
  }
  const shown = names.length > 0 ? names.join(', ') : 'no name'
  throw new AppError(
    'PERMISSION_DENIED',
    'peer_name_not_allowed',
    `The client certificate is of ${shown}, which is not on the list of allowed names.`,
  )
}

function namesOf(alternatives: string | undefined, subject: string): string[] {
  const found = (alternatives ?? '').split(', ').flatMap((entry) => ALT_NAME.exec(entry)?.[1] ?? [])
  if (found.length > 0) return found
  return subject.split('\n').flatMap((line) => /^CN=(.+)$/.exec(line)?.[1] ?? [])
}

/** Host names are the same in either case (RFC 4343). */
function canonical(name: string): string {
  return name.toLowerCase()
}

import type { Metadata } from '@grpc/grpc-js'
import { AppError, toAppError, unauthenticated } from '../errors/app-error.js'
import { TOO_LARGE_REASON } from '../errors/code.js'
import type { AuthenticationService } from '../service/authentication-service.js'
import { createApiKeyCheck } from './api-key.js'
import { bearerTokenOf } from './bearer-token.js'
import { ANYBODY, API_KEY_SERVICE, type Caller } from './caller.js'
import type { IdentitySource } from './peer-identity.js'
import type { Requirement } from './requirement.js'

/** What HTTP/2 counts for each header besides its name and value (RFC 9113 §6.5.2), in bytes. */
const ENTRY_OVERHEAD_BYTES = 32

export interface AdmissionDeps {
  readonly apiKey: string
  readonly authentication: AuthenticationService
  readonly requirements: ReadonlyMap<string, Requirement>
  /** Who showed a client certificate; nobody where there are none. */
  readonly identityOf: IdentitySource
  readonly metadataBytesMax: number
}

/** Who calls, or why they may not; a promise only where a user's session has to be looked up. */
export type Admission = (
  path: string,
  metadata: Metadata,
  peer: string,
) => Caller | AppError | Promise<Caller | AppError>

/**
 * The door of the server: says who comes in, or why not. A path without a listed requirement is refused;
 * nothing is open by omission.
 */
export function createAdmission(deps: AdmissionDeps): Admission {
  const hasApiKey = createApiKeyCheck(deps.apiKey)

  function service(metadata: Metadata, peer: string): Caller | AppError {
    const identity = deps.identityOf(peer)
    if (identity === undefined) {
      return hasApiKey(metadata)
        ? API_KEY_SERVICE
        : unauthenticated('api_key_invalid', 'This method needs one valid x-api-key.')
    }
    // The connection may outlive the certificate that it was made with.
    return identity.expiresAt > Date.now()
      ? { kind: 'service', name: identity.name }
      : unauthenticated('certificate_expired', 'The client certificate has expired.')
  }

  async function user(accessToken: string, isAdminOnly: boolean): Promise<Caller | AppError> {
    try {
      const principal = await deps.authentication.authenticate(accessToken)
      if (isAdminOnly && principal.role !== 'admin') {
        return new AppError('PERMISSION_DENIED', 'admin_only', 'Only administrators may do this.')
      }
      return { kind: 'user', principal, accessToken }
    } catch (thrown) {
      return toAppError(thrown)
    }
  }

  function serviceOrUser(
    metadata: Metadata,
    peer: string,
    isAdminOnly: boolean,
  ): ReturnType<Admission> {
    const accessToken = bearerTokenOf(metadata)
    if (accessToken === null) return service(metadata, peer)
    if (metadata.get('x-api-key').length === 0) return user(accessToken, isAdminOnly)
    const message = 'Show an API key or an access token, not both.'
    return unauthenticated('credentials_ambiguous', message)
  }

  return (path, metadata, peer) => {
    if (metadataBytes(metadata) > deps.metadataBytesMax) {
      const message = `The metadata of a call has at most ${deps.metadataBytesMax} bytes.`
      return new AppError('RESOURCE_EXHAUSTED', TOO_LARGE_REASON, message)
    }
    switch (deps.requirements.get(path)) {
      case 'public':
        return ANYBODY
      case 'service':
        return service(metadata, peer)
      case 'service-or-user':
        return serviceOrUser(metadata, peer, false)
      case 'service-or-admin':
        return serviceOrUser(metadata, peer, true)
      case undefined:
        return new AppError('PERMISSION_DENIED', 'method_closed', 'Nobody may call this method.')
    }
  }
}

function metadataBytes(metadata: Metadata): number {
  let bytes = 0
  for (const [name, value] of Object.entries(metadata.toHttp2Headers())) {
    for (const text of Array.isArray(value) ? value : [value]) {
      bytes += name.length + String(text).length + ENTRY_OVERHEAD_BYTES
    }
  }
  return bytes
}

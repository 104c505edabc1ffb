import type { Metadata } from '@grpc/grpc-js'
import { AppError, unauthenticated } from '../errors/app-error.js'
import { TOO_LARGE_REASON } from '../errors/code.js'
import { createApiKeyCheck } from './api-key.js'
import type { Requirement } from './requirement.js'

/** What HTTP/2 counts for each header besides its name and value (RFC 9113 §6.5.2), in bytes. */
const ENTRY_OVERHEAD_BYTES = 32

export interface AdmissionDeps {
  readonly apiKey: string
  readonly requirements: ReadonlyMap<string, Requirement>
  readonly metadataBytesMax: number
}

/**
 * The door of the server: says why a call may not come in, or null. A path without a listed requirement is
 * refused; nothing is open by omission.
 */
export function createAdmission(
  deps: AdmissionDeps,
): (path: string, metadata: Metadata) => AppError | null {
  const hasApiKey = createApiKeyCheck(deps.apiKey)
  return (path, metadata) => {
    if (metadataBytes(metadata) > deps.metadataBytesMax) {
      const message = `The metadata of a call has at most ${deps.metadataBytesMax} bytes.`
      return new AppError('RESOURCE_EXHAUSTED', TOO_LARGE_REASON, message)
    }
    switch (deps.requirements.get(path)) {
      case 'public':
        return null
      case 'service':
        return hasApiKey(metadata)
          ? null
          : unauthenticated('api_key_invalid', 'This method needs one valid x-api-key.')
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

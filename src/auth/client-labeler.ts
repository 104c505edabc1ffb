import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ClientLabeler } from '../domain/client.js'
import { randomId } from '../util/random-id.js'

/** Binds the code to its one use, since the secret has others. */
const PURPOSES = {
  client: 'gatehouse client label v1',
  oauth: 'gatehouse oauth browser v1',
} as const
/** 128 bits and a code of 256 bits, base64url, with a dot between. */
const COOKIE_PATTERN = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/

export interface ClientLabelerDeps {
  /** 32 random bytes, the same in every process; see `loadOrCreateSecret`. */
  readonly secret: Uint8Array
  /** What is labelled: a label of one kind is never one of another. Clients when not given. */
  readonly purpose?: keyof typeof PURPOSES
}

export function createClientLabeler({
  secret,
  purpose = 'client',
}: ClientLabelerDeps): ClientLabeler {
  function codeOf(clientId: string): string {
    return createHmac('sha256', secret)
      .update(`${PURPOSES[purpose]}\0${clientId}`)
      .digest('base64url')
  }
  return {
    issue() {
      const clientId = randomId()
      return { clientId, cookieValue: `${clientId}.${codeOf(clientId)}` }
    },
    read(cookieValue) {
      const [, clientId, code] = COOKIE_PATTERN.exec(cookieValue ?? '') ?? []
      if (clientId === undefined || code === undefined) return null
      // Compared as texts, so that only the one spelling of a code is right. Both are 43 ASCII characters.
      return timingSafeEqual(Buffer.from(code), Buffer.from(codeOf(clientId))) ? clientId : null
    },
  }
}

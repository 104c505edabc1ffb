import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ClientLabeler } from '../domain/client.js'
import { cookieNames, readCookies, writeCookie } from './cookie.js'

/** As long as a flow lives. */
const MAX_AGE_SECONDS = 600

export interface OauthBrowserDeps {
  /** Makes and knows the secrets; another kind of label than that of clients. */
  readonly oauthLabeler: ClientLabeler
  readonly secureCookies: boolean
}

/** The secret that proves that a callback comes from the browser that left for the provider. */
export interface OauthBrowser {
  /** That of the request, else a fresh one; either way it lives ten minutes from now. */
  mark(request: FastifyRequest, reply: FastifyReply): string
  /** That of the request; null when there is none, or it is not genuine. */
  read(request: FastifyRequest): string | null
  /** Takes it back: the next sign-in gets a fresh one. */
  clear(reply: FastifyReply): void
}

export function createOauthBrowser({
  oauthLabeler,
  secureCookies,
}: OauthBrowserDeps): OauthBrowser {
  const names = cookieNames(secureCookies)

  function given(request: FastifyRequest): { value: string; browserId: string } | null {
    const value = readCookies(request.headers.cookie, names).oauth
    const browserId = value === null ? null : oauthLabeler.read(value)
    return value === null || browserId === null ? null : { value, browserId }
  }
  function write(reply: FastifyReply, value: string, maxAgeSeconds: number): void {
    // Lax: it must come along when the provider sends the browser back.
    const attributes = { maxAgeSeconds, sameSite: 'lax', secure: secureCookies } as const
    writeCookie(reply, names.oauth, value, attributes)
  }

  return {
    mark(request, reply) {
      // Two tabs that sign in at once share it, so that neither loses its flow.
      const known = given(request)
      const { clientId, cookieValue } = known
        ? { clientId: known.browserId, cookieValue: known.value }
        : oauthLabeler.issue()
      write(reply, cookieValue, MAX_AGE_SECONDS)
      return clientId
    },
    read: (request) => given(request)?.browserId ?? null,
    clear: (reply) => write(reply, '', 0),
  }
}

import { AppError } from '../errors/app-error.js'
import type { Clock } from '../domain/clock.js'
import type { TokenIssuer, TokenVerifier } from '../domain/token.js'
import { randomId } from '../util/random-id.js'

/** One open tab of a browser or device. A label, as the client is: it says where, never who. */
export interface Tab {
  readonly id: string
  readonly clientId: string
  /** Whether it needs a token: it has shown none, or one past its end. */
  readonly needsToken: boolean
}

export interface TabService {
  /**
   * The tab that a request comes from: the one of its token, or a new one of `clientIds[0]` without a token. A
   * token is good only for its own client, which must be one of `clientIds`: the label of the browser, the
   * client of the session that was shown. Raises UNAUTHENTICATED with the verifier's reason for a token that is
   * not genuine, and PERMISSION_DENIED with reason `tab_foreign` for that of another browser.
   */
  resolve(token: string | null, clientIds: readonly [string, ...string[]]): Promise<Tab>
  /** A token for the tab. */
  issue(tab: Tab): Promise<string>
}

export interface TabServiceDeps {
  readonly tokenIssuer: Pick<TokenIssuer, 'issueTab'>
  readonly tokenVerifier: Pick<TokenVerifier, 'verifyTab'>
  readonly clock: Clock
  /** Life of a tab token; past it, it is renewed. */
  readonly tabTokenSeconds: number
}

export function createTabService(deps: TabServiceDeps): TabService {
  const { tokenIssuer, tokenVerifier, clock, tabTokenSeconds } = deps
  return {
    async resolve(token, clientIds) {
      if (token === null) return new NewTab(clientIds[0])
      const { tabId, clientId, isExpired } = await tokenVerifier.verifyTab(token)
      if (!clientIds.includes(clientId)) {
        const message = 'This tab token belongs to another browser.'
        throw new AppError('PERMISSION_DENIED', 'tab_foreign', message)
      }
      return { id: tabId, clientId, needsToken: isExpired }
    },
    issue({ id: tabId, clientId }) {
      const issuedAt = clock.now()
      return tokenIssuer.issueTab({
        ...{ tabId, clientId, issuedAt },
        expiresAt: issuedAt + tabTokenSeconds * 1000,
      })
    },
  }
}

/** Most requests never ask for the id of a tab that has no token, so it is made when it is first read. */
class NewTab implements Tab {
  readonly clientId: string
  readonly needsToken = true
  #id: string | null = null

  constructor(clientId: string) {
    this.clientId = clientId
  }

  get id(): string {
    return (this.#id ??= randomId())
  }
}

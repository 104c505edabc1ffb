import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '../errors/app-error.js'
import type { Clock } from '../domain/clock.js'
import type { AuthorizationSecrets } from '../domain/identity-provider.js'
import type { OneTimeStore } from '../domain/one-time-store.js'
import type { TokenVault } from '../domain/token.js'

const FLOW_LIFETIME_MS = 600_000
const SECRET_BYTES = 32
/** 32 bytes in base64url. */
const STATE_PATTERN = /^[A-Za-z0-9_-]{43}$/

/** A sign-in with a provider that has begun: what the answer is held against. */
export interface OauthFlow extends AuthorizationSecrets {
  readonly provider: string
  /** The client that began it. */
  readonly clientId: string
  readonly redirectUri: string
  readonly returnTo: string
  readonly remember: boolean
  /** The session that wants another way to sign in; null for a sign-in. */
  readonly link: { readonly userId: string; readonly sessionId: string } | null
}

export interface OauthFlowsDeps {
  readonly oneTimeValues: OneTimeStore
  readonly tokenVault: TokenVault
  readonly clock: Clock
}

/** Keeps flows for ten minutes. Each can be taken once, and only by the browser that began it. */
export interface OauthFlows {
  /** `browserId` is the secret that the browser keeps in a cookie for this. */
  open(flow: Omit<OauthFlow, keyof AuthorizationSecrets>, browserId: string): Promise<OauthFlow>
  /**
   * The flow that this state belongs to. Raises INVALID_ARGUMENT (`oauth_state_invalid`) when there is none,
   * or it was taken before, is too old, or was begun by another browser, client or for another provider.
   */
  take(
    state: string | null,
    from: {
      readonly provider: string
      readonly clientId: string
      readonly browserId: string | null
    },
  ): Promise<OauthFlow>
}

export function createOauthFlows({ oneTimeValues, tokenVault, clock }: OauthFlowsDeps): OauthFlows {
  return {
    async open(begun, browserId) {
      const flow = { ...begun, state: secret(), nonce: secret(), codeVerifier: secret() }
      // Whoever reads the store learns nothing: the state, which opens it, is only in the browser.
      const sealed = tokenVault.seal(flow.state, JSON.stringify(flow))
      await oneTimeValues.put(keyOf(flow.state, browserId), sealed, clock.now() + FLOW_LIFETIME_MS)
      return flow
    },
    async take(state, { provider, clientId, browserId }) {
      if (state === null || !STATE_PATTERN.test(state) || browserId === null) throw stateInvalid()
      // The browser is a part of the key: another one neither finds the flow nor uses it up.
      const sealed = await oneTimeValues.take(keyOf(state, browserId), clock.now())
      if (sealed === null) throw stateInvalid()
      // Sealed and authenticated by `open` above, so its shape needs no second look.
      const flow = JSON.parse(tokenVault.open(state, sealed)) as OauthFlow
      if (flow.provider !== provider || flow.clientId !== clientId) throw stateInvalid()
      return flow
    },
  }
}

function keyOf(state: string, browserId: string): string {
  return `oauth:${createHash('sha256').update(`${browserId}.${state}`).digest('base64url')}`
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

function stateInvalid(): AppError {
  const message = 'This sign-in was not begun here, or too long ago, or is finished; start again.'
  return new AppError('INVALID_ARGUMENT', 'oauth_state_invalid', message)
}

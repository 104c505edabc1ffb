import type { GrpcChannel } from './create-grpc-channel.js'

/** What a sibling service learns of an access token. */
export type TokenVerdict =
  | {
      readonly active: true
      readonly userId: string
      readonly role: string
      readonly sessionId: string
      readonly clientId: string
      /** Milliseconds since the epoch. */
      readonly expiresAt: number
    }
  | { readonly active: false; readonly reason: string; readonly message: string }

/** The client of `gatehouse.v1.SessionService`. */
export interface SessionClient {
  /** Asks about one access token. Raises as `GrpcChannel.call` does; a token that is not good is an answer. */
  verify(accessToken: string): Promise<TokenVerdict>
}

export interface SessionClientDeps {
  readonly channel: GrpcChannel
  /** Shown as `x-api-key`; null where a client certificate is shown. */
  readonly apiKey: string | null
  readonly callTimeoutMs: number
}

/** A client on a shared channel; who made the channel closes it. */
export function createSessionClient(deps: SessionClientDeps): SessionClient {
  const { channel, apiKey, callTimeoutMs } = deps
  const entries = apiKey === null ? undefined : { 'x-api-key': apiKey }
  return {
    async verify(accessToken) {
      const { active, principal, expiresAt, reason, message } = await channel.call(
        (protos) => protos.session.Verify,
        { accessToken },
        callTimeoutMs,
        entries,
      )
      if (!active || !principal) return { active: false, reason, message }
      const { userId, role, sessionId, clientId } = principal
      const seconds = Number(expiresAt?.seconds ?? 0)
      const expiresAtMs = seconds * 1_000 + Math.floor((expiresAt?.nanos ?? 0) / 1_000_000)
      return { active, userId, role, sessionId, clientId, expiresAt: expiresAtMs }
    },
  }
}

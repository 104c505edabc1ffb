import { randomBytes } from 'node:crypto'
import type { AuthorizationRequest } from '../../../src/domain/identity-provider.js'
import type { ProviderSettings } from '../../../src/auth/oauth/provider-settings.js'
import { CLIENT_ID, CLIENT_SECRET } from './rogue-provider.js'

export const LIMITS = { requestTimeoutMs: 5_000, answerBytesMax: 65_536 }
export const REDIRECT_URI = 'http://127.0.0.1:1/auth/callback/rogue'

export function settingsFor(
  issuer: string,
  overrides: Partial<ProviderSettings> = {},
): ProviderSettings {
  return {
    name: 'rogue',
    label: 'Rogue',
    type: 'oidc',
    issuer,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    scopes: ['openid', 'profile', 'email'],
    ...overrides,
  }
}

/** The secrets of one flow. */
export function newRequest(): AuthorizationRequest {
  const secret = (): string => randomBytes(32).toString('base64url')
  return { state: secret(), nonce: secret(), codeVerifier: secret(), redirectUri: REDIRECT_URI }
}

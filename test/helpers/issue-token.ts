import type { NewAccessClaims, NewRefreshClaims, TokenIssuer } from '../../src/domain/token.js'

type PairIssuer = Pick<TokenIssuer, 'issuePair'>

/** One access token; the house signs it together with a refresh token, which nobody gets. */
export async function issueAccess(issuer: PairIssuer, claims: NewAccessClaims): Promise<string> {
  const { accessToken } = await issuer.issuePair(claims, claims)
  return accessToken
}

/** One refresh token; the house signs it together with an access token, which nobody gets. */
export async function issueRefresh(issuer: PairIssuer, claims: NewRefreshClaims): Promise<string> {
  const { refreshToken } = await issuer.issuePair({ ...claims, role: 'user' }, claims)
  return refreshToken
}

import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Test } from 'tap'
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose'
import { sendJson, startWebServer } from './web-server.js'

export const CLIENT_ID = 'gatehouse'
export const CLIENT_SECRET = 'a secret with spaces & signs: %'

type Json = Record<string, unknown>

/** A person at the provider: the claims of the ID token and of the user info. */
export interface Person extends Json {
  readonly sub: string
}

/** What the provider does otherwise than it should. */
export interface Behaviour {
  /** Changes the discovery document. */
  readonly metadata?: (document: Json) => Json
  /** Changes the claims before the ID token is signed. */
  readonly claims?: (claims: Json) => Json
  /** Changes the protected header before it is signed. */
  readonly header?: (header: JWTHeaderParameters) => JWTHeaderParameters
  /** Takes the place of the signed ID token. */
  readonly idToken?: (token: string, claims: Json) => string | Promise<string>
  /** Signs with a key that is not published. */
  readonly foreignKey?: boolean
  readonly userInfo?: (info: Json) => Json
  /** Takes what the code verifier should be held against for granted. */
  readonly ignoresPkce?: boolean
  readonly keys?: (keys: readonly JWK[]) => readonly unknown[]
  /** Answers a path itself. True when it did. */
  readonly answer?: (path: string, response: ServerResponse, request: IncomingMessage) => boolean
}

export interface RogueProvider {
  readonly issuer: string
  behaviour: Behaviour
  /** The paths that were asked for, in order. */
  readonly asked: string[]
  /** The bodies that the token endpoint got. */
  readonly tokenRequests: URLSearchParams[]
  /** Signs in at the authorization address, as a browser and a person would: the query of the callback. */
  authorize(authorizationUrl: string, person: Person): string
  /** Another key signs from now on; the old one is gone. */
  rotateKey(): Promise<void>
}

interface Grant {
  readonly person: Person
  readonly nonce: string
  readonly challenge: string
  readonly redirectUri: string
}

interface Key {
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

async function makeKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  return {
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid: randomUUID(), alg: 'ES256', use: 'sig' },
  }
}

/** An OpenID provider that does everything right until it is told otherwise. */
export async function startRogueProvider(t: Test): Promise<RogueProvider> {
  const grants = new Map<string, Grant>()
  const tokens = new Map<string, Person>()
  let key = await makeKey()
  const stranger = await makeKey()
  const { url: issuer } = await startWebServer(t, async (request, response, body) => {
    const [path = '', query = ''] = (request.url ?? '').split('?')
    provider.asked.push(path)
    if (provider.behaviour.answer?.(path, response, request) === true) return
    if (path === '/.well-known/openid-configuration') sendJson(response, 200, discovery())
    else if (path === '/authorize') redirect(response, query)
    else if (path === '/token') await sendTokens(response, body)
    else if (path === '/userinfo') sendUserInfo(response, request)
    else if (path === '/jwks') {
      sendJson(response, 200, { keys: provider.behaviour.keys?.([key.jwk]) ?? [key.jwk] })
    } else response.writeHead(404).end()
  })

  function discovery(): Json {
    const document = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
    }
    return provider.behaviour.metadata?.(document) ?? document
  }

  /** As a browser gets there: `login_hint` says who sits before it. */
  function redirect(response: ServerResponse, query: string): void {
    const parameters = new URLSearchParams(query)
    const sub = parameters.get('login_hint') ?? 'person-1'
    const answer = provider.authorize(`${issuer}/authorize?${query}`, { sub })
    const location = `${parameters.get('redirect_uri') ?? ''}?${answer}`
    response.writeHead(303, { location }).end()
  }

  async function sendTokens(response: ServerResponse, body: string): Promise<void> {
    const form = new URLSearchParams(body)
    provider.tokenRequests.push(form)
    const code = form.get('code') ?? ''
    const grant = grants.get(code)
    grants.delete(code)
    const verifier = createHash('sha256').update(form.get('code_verifier') ?? '')
    const isProved =
      provider.behaviour.ignoresPkce === true || verifier.digest('base64url') === grant?.challenge
    if (!grant || !isProved || form.get('redirect_uri') !== grant.redirectUri) {
      sendJson(response, 400, { error: 'invalid_grant', error_description: 'SECRET DETAILS' })
      return
    }
    const accessToken = randomUUID()
    tokens.set(accessToken, grant.person)
    sendJson(response, 200, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 300,
      id_token: await idTokenFor(grant, accessToken),
    })
  }

  async function idTokenFor({ person, nonce }: Grant, accessToken: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const digest = createHash('sha256').update(accessToken).digest()
    const right: Json = {
      ...{ iss: issuer, aud: CLIENT_ID, iat: now, exp: now + 300, nonce },
      ...person,
      at_hash: digest.subarray(0, 16).toString('base64url'),
    }
    const { behaviour } = provider
    const claims = behaviour.claims?.(right) ?? right
    const { privateKey, jwk } = behaviour.foreignKey === true ? stranger : key
    const header = { alg: 'ES256', kid: behaviour.foreignKey ? key.jwk.kid : jwk.kid } as const
    const token = await new SignJWT(claims)
      .setProtectedHeader((behaviour.header?.(header as never) ?? header) as never)
      .sign(privateKey)
    return behaviour.idToken?.(token, claims) ?? token
  }

  function sendUserInfo(response: ServerResponse, request: IncomingMessage): void {
    const person = tokens.get((request.headers.authorization ?? '').replace('Bearer ', ''))
    if (person) sendJson(response, 200, provider.behaviour.userInfo?.(person) ?? person)
    else response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end()
  }

  const provider: RogueProvider = {
    issuer,
    behaviour: {},
    asked: [],
    tokenRequests: [],
    authorize(authorizationUrl, person) {
      const { searchParams } = new URL(authorizationUrl)
      const code = randomUUID()
      grants.set(code, {
        person,
        nonce: searchParams.get('nonce') ?? '',
        challenge: searchParams.get('code_challenge') ?? '',
        redirectUri: searchParams.get('redirect_uri') ?? '',
      })
      const state = searchParams.get('state') ?? ''
      return new URLSearchParams({ code, state, iss: issuer }).toString()
    },
    async rotateKey() {
      key = await makeKey()
    },
  }
  return provider
}

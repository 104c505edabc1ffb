import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { sendJson, startWebServer } from './web-server.js'

export const GITHUB_CLIENT = { clientId: 'Iv1.abcdef', clientSecret: 'github-secret' }

type Json = Readonly<Record<string, unknown>>

export interface GithubPerson {
  readonly user: Json
  readonly emails: readonly Json[]
}

export const OCTOCAT: GithubPerson = {
  user: {
    id: 583231,
    login: 'octocat',
    name: 'The Octocat',
    // What the person typed into the public profile; nothing proves it.
    email: 'typed@example.com',
    avatar_url: 'https://avatars.example.com/u/583231?v=4',
  },
  emails: [
    { email: 'old@example.com', primary: false, verified: true, visibility: null },
    { email: 'octocat@example.com', primary: true, verified: true, visibility: 'private' },
  ],
}

export interface GithubServer {
  readonly url: string
  person: GithubPerson
  /** Answers an API path with another status or value. */
  answer: ((path: string, response: ServerResponse) => boolean) | null
  /** The headers of the last call of the API. */
  readonly apiHeaders: IncomingMessage['headers'][]
  /** Signs in at the authorization address: the query of the callback. */
  authorize(authorizationUrl: string): string
}

/** What github.com does for a sign-in, under the addresses of a GitHub Enterprise Server. */
export async function startGithubServer(t: Test): Promise<GithubServer> {
  const codes = new Map<string, { challenge: string; redirectUri: string }>()
  const tokens = new Set<string>()
  const { url } = await startWebServer(t, (request, response, body) => {
    const [path = '', query = ''] = (request.url ?? '').split('?')
    if (server.answer?.(path, response) === true) return
    if (path === '/login/oauth/authorize') redirect(response, query)
    else if (path === '/login/oauth/access_token') sendToken(response, new URLSearchParams(body))
    else if (path.startsWith('/api/v3/')) sendApi(response, path, request.headers)
    else response.writeHead(404).end()
  })

  function redirect(response: ServerResponse, query: string): void {
    const answer = server.authorize(`${url}/login/oauth/authorize?${query}`)
    const back = new URLSearchParams(query).get('redirect_uri') ?? ''
    response.writeHead(302, { location: `${back}?${answer}` }).end()
  }

  /** A refusal is a 200, as GitHub sends it. */
  function sendToken(response: ServerResponse, form: URLSearchParams): void {
    const code = form.get('code') ?? ''
    const grant = codes.get(code)
    codes.delete(code)
    const verifier = createHash('sha256').update(form.get('code_verifier') ?? '')
    if (
      form.get('client_id') !== GITHUB_CLIENT.clientId ||
      form.get('client_secret') !== GITHUB_CLIENT.clientSecret ||
      verifier.digest('base64url') !== grant?.challenge ||
      form.get('redirect_uri') !== grant.redirectUri
    ) {
      sendJson(response, 200, { error: 'bad_verification_code', error_description: 'SECRET' })
      return
    }
    const token = `gho_${randomUUID()}`
    tokens.add(token)
    sendJson(response, 200, { access_token: token, scope: 'read:user', token_type: 'bearer' })
  }

  function sendApi(
    response: ServerResponse,
    path: string,
    headers: IncomingMessage['headers'],
  ): void {
    server.apiHeaders.push(headers)
    if (!tokens.has((headers.authorization ?? '').replace(/^Bearer /i, ''))) {
      sendJson(response, 401, { message: 'Bad credentials' })
    } else if (path === '/api/v3/user') sendJson(response, 200, server.person.user)
    else if (path === '/api/v3/user/emails') sendJson(response, 200, server.person.emails)
    else sendJson(response, 404, { message: 'Not Found' })
  }

  const server: GithubServer = {
    url,
    person: OCTOCAT,
    answer: null,
    apiHeaders: [],
    authorize(authorizationUrl) {
      const { searchParams } = new URL(authorizationUrl)
      const code = randomUUID()
      codes.set(code, {
        challenge: searchParams.get('code_challenge') ?? '',
        redirectUri: searchParams.get('redirect_uri') ?? '',
      })
      return new URLSearchParams({ code, state: searchParams.get('state') ?? '' }).toString()
    },
  }
  return server
}

import { createClient, type Client, type ClientOptions } from 'graphql-ws'
import type { Test } from 'tap'
import WebSocket from 'ws'
import type { Core } from '../../src/app/create-core.js'
import { httpService } from '../../src/app/http-service.js'
import type { Config } from '../../src/config/schema.js'
import { call, PASSWORD } from './http-client.js'
import { openTestCore } from './test-core.js'

export interface GraphqlError {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly extensions: {
    readonly code: string
    readonly reason: string
    readonly requestId?: string
    readonly details?: readonly { readonly path: string; readonly message: string }[]
  }
}

export interface GraphqlAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // What a query asked for is known to its test only.
  readonly data: Record<string, Record<string, unknown> & { id: string }> | null | undefined
  readonly errors: readonly GraphqlError[]
  readonly text: string
}

export interface AskOptions {
  readonly variables?: Readonly<Record<string, unknown>>
  readonly operationName?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks one operation by POST. */
export async function ask(
  url: string,
  query: string,
  { variables, operationName, token, headers }: AskOptions = {},
): Promise<GraphqlAnswer> {
  const answer = await call('POST', `${url}/graphql`, {
    json: { query, ...(variables && { variables }), ...(operationName && { operationName }) },
    ...(token !== undefined && { token }),
    ...(headers && { headers }),
  })
  return {
    status: answer.status,
    headers: answer.headers,
    data: answer.body['data'] as GraphqlAnswer['data'],
    errors: (answer.body['errors'] ?? []) as readonly GraphqlError[],
    text: answer.text,
  }
}

/** The reasons of an answer, in order. */
export function reasons(answer: { readonly errors: readonly GraphqlError[] }): readonly string[] {
  return answer.errors.map(({ extensions }) => extensions.reason)
}

/** A browser: its label, and the tab tokens of its tabs. */
export interface Browser {
  readonly cookie: string
  readonly clientId: string
  /** A tab token of a new tab. */
  openTab(): Promise<string>
}

export async function openBrowser(url: string): Promise<Browser> {
  const first = await ask(url, '{ auth { clientId } }')
  const cookie = cookieOf(first.headers)
  return {
    cookie,
    clientId: String(first.data?.['auth']?.['clientId']),
    openTab: async () => {
      const answer = await ask(url, '{ auth { sessionId } }', { headers: { cookie } })
      return String(answer.data?.['auth']?.['sessionId'])
    },
  }
}

/** The first `name=value` of the cookies that an answer sets. */
export function cookieOf(headers: GraphqlAnswer['headers']): string {
  const [cookie = ''] = [headers['set-cookie'] ?? []].flat()
  return cookie.split(';')[0] ?? ''
}

/** What one subscription has delivered so far. */
export interface Followed {
  readonly values: Record<string, unknown>[]
  readonly errors: unknown[]
  readonly isComplete: () => boolean
  readonly stop: () => void
}

export interface OpenLine {
  readonly client: Client
  /** How the line closed, once it has. */
  readonly closed: () => { readonly code: number; readonly reason: string } | null
  readonly isAcknowledged: () => boolean
  follow(query: string, variables?: Record<string, unknown>): Followed
  /** One query or mutation over the line. */
  ask(query: string, variables?: Record<string, unknown>): Promise<Record<string, unknown>>
}

export interface LineOptions {
  readonly cookie?: string
  readonly origin?: string
  readonly init?: Record<string, unknown>
  readonly client?: Partial<ClientOptions>
}

/** Opens a line with the graphql-ws client; it is closed at the end of the test. */
export function openLine(t: Test, url: string, options: LineOptions = {}): OpenLine {
  const { cookie, origin } = options
  const headers = { ...(cookie && { cookie }), ...(origin && { origin }) }
  class CookieSocket extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, protocol, { headers })
    }
  }
  let closed: { code: number; reason: string } | null = null
  let isAcknowledged = false
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: CookieSocket,
    connectionParams: options.init ?? {},
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    ...options.client,
  })
  client.on('closed', (event) => {
    const { code, reason } = event as { code: number; reason: string }
    closed = { code, reason }
  })
  client.on('connected', () => (isAcknowledged = true))
  t.teardown(() => client.terminate())
  return {
    client,
    closed: () => closed,
    isAcknowledged: () => isAcknowledged,
    follow: (query, variables) => follow(client, query, variables),
    ask: (query, variables) =>
      new Promise((resolve, reject) => {
        client.subscribe<Record<string, unknown>>(
          { query, ...(variables && { variables }) },
          {
            next: (value) => resolve(value as unknown as Record<string, unknown>),
            error: reject,
            complete: () => {},
          },
        )
      }),
  }
}

function follow(client: Client, query: string, variables?: Record<string, unknown>): Followed {
  const values: Record<string, unknown>[] = []
  const errors: unknown[] = []
  let isComplete = false
  const stop = client.subscribe<Record<string, unknown>>(
    { query, ...(variables && { variables }) },
    {
      next: (value) => values.push(value.data ?? { errors: value.errors }),
      error: (error) => errors.push(error),
      complete: () => (isComplete = true),
    },
  )
  return { values, errors, isComplete: () => isComplete, stop }
}

export interface GraphqlHouse {
  readonly url: string
  readonly core: Core
  readonly config: Config
  readonly close: () => Promise<void>
}

/** The HTTP service over a folder of the test's own. */
export async function openGraphqlHouse(
  t: Test,
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<GraphqlHouse> {
  const { core, config } = await openTestCore(t, overrides)
  const service = await httpService.start(core, config, 'test', {})
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= service.close(1_000))
  t.teardown(close)
  return { url: `http://127.0.0.1:${service.address.port}`, core, config, close }
}

/** Signs in by GraphQL; registers first unless told not to. */
export async function signIn(
  url: string,
  username: string,
  options: AskOptions & { readonly useCookies?: boolean; readonly isNew?: boolean } = {},
): Promise<{ accessToken: string; refreshToken: string; sessionId: string; cookies: string }> {
  const variables = { username, password: PASSWORD }
  if (options.isNew !== false) {
    const made = await ask(
      url,
      'mutation($username: String!, $password: String!) { register(username: $username, password: $password) { id } }',
      { variables },
    )
    if (made.errors.length > 0) throw new Error(made.text)
  }
  const answer = await ask(
    url,
    `mutation($username: String!, $password: String!, $useCookies: Boolean) {
      login(username: $username, password: $password, useCookies: $useCookies) {
        accessToken refreshToken sessionId
      }
    }`,
    { ...options, variables: { ...variables, useCookies: options.useCookies ?? false } },
  )
  if (answer.errors.length > 0) throw new Error(answer.text)
  const login: Record<string, unknown> = answer.data?.['login'] ?? {}
  const cookies = [answer.headers['set-cookie'] ?? []]
    .flat()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
  return {
    accessToken: String(login['accessToken']),
    refreshToken: String(login['refreshToken']),
    sessionId: String(login['sessionId']),
    cookies,
  }
}

import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { ERROR_TABLE, TOO_LARGE_REASON } from '../../src/errors/code.js'
import { openGrpcClient } from '../helpers/grpc-client.js'
import { call } from '../helpers/http-client.js'
import type { AttackHouse } from './house.js'

/** What a transport says to an access token. */
export interface Verdict {
  /** The session that it let in; null when it refused. */
  readonly sessionId: string | null
  /** The code and the reason of the refusal, as they came over the wire; empty when it let in. */
  readonly code: string
  readonly reason: string
}

/** One way to show an access token to the house. */
export interface Transport {
  readonly name: string
  /** Reasons that only this transport has for a token that cannot be one. */
  readonly ownReasons: readonly string[]
  /** False for a text that this transport has no way to send. */
  canCarry(token: string): boolean
  show(token: string): Promise<Verdict>
}

/** Any field that wants a session. */
const QUERY = '{ user { id } }'
const CLOSE_TOO_LARGE = 1009
const REPLY_TOKEN_EXPIRED = 109
const DISCONNECT_INVALID_TOKEN = 3500
const DISCONNECT_SESSION_ENDED = 4500
const TOO_LARGE: Verdict = {
  sessionId: null,
  code: 'RESOURCE_EXHAUSTED',
  reason: TOO_LARGE_REASON,
}

type Open = (t: Test, house: AttackHouse) => Transport

/** Every transport that takes access tokens. The token cases run on each of them. */
const TRANSPORTS: readonly Open[] = [
  openBearer,
  openCookie,
  openGraphql,
  openGraphqlLine,
  openSocket,
  openChannels,
  openGrpc,
]

export function openTransports(t: Test, house: AttackHouse): readonly Transport[] {
  return TRANSPORTS.map((open) => open(t, house))
}

/** The header of a Bearer token (RFC 6750 §2.1). */
function openBearer(_t: Test, { http }: AttackHouse): Transport {
  return {
    name: 'http, bearer',
    ownReasons: ['credentials_malformed', 'headers_too_large'],
    canCarry: isHeaderText,
    show: async (token) => verdictOf(await call('GET', `${http}/me`, { token })),
  }
}

/** The cookie of a browser. */
function openCookie(_t: Test, { http }: AttackHouse): Transport {
  return {
    name: 'http, cookie',
    ownReasons: ['headers_too_large', 'credentials_missing'],
    // A semicolon ends the value, and spaces around it are no part of it (RFC 6265 §5.2).
    canCarry: (token) => isHeaderText(token) && !token.includes(';') && token === token.trim(),
    show: async (token) =>
      verdictOf(await call('GET', `${http}/me`, { headers: { cookie: `_at=${token}` } })),
  }
}

/** A query with a Bearer token. */
function openGraphql(_t: Test, { http }: AttackHouse): Transport {
  return {
    name: 'graphql',
    ownReasons: ['credentials_malformed', 'headers_too_large', 'credentials_missing'],
    canCarry: isHeaderText,
    async show(token) {
      const { status, body } = await call('POST', `${http}/graphql`, {
        token,
        json: { query: QUERY },
      })
      return verdictOfResult(token, body, `status ${status}`)
    },
  }
}

/** A line of subscriptions: the token comes in the first message, the query asks for it. */
function openGraphqlLine(t: Test, { httpAddress }: AttackHouse): Transport {
  return {
    name: 'graphql, line',
    ownReasons: ['credentials_malformed', 'credentials_missing', 'init_malformed', 'too_large'],
    canCarry: () => true,
    show: (token) =>
      new Promise((resolve, reject) => {
        const client = new WebSocket(`ws://${httpAddress}/graphql`, 'graphql-transport-ws')
        t.teardown(() => client.terminate())
        client.on('error', reject)
        client.on('open', () => {
          client.send(JSON.stringify({ type: 'connection_init', payload: { accessToken: token } }))
        })
        client.on('message', (data: Buffer) => {
          const message = JSON.parse(data.toString()) as { type: string; payload?: unknown }
          if (message.type === 'connection_ack') {
            client.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY } }))
          } else if (message.type === 'next' || message.type === 'error') {
            const { payload } = message
            const result = message.type === 'next' ? payload : { errors: payload }
            resolve(verdictOfResult(token, result as GraphqlResult, 'no result'))
            client.terminate()
          }
        })
        client.on('close', (code, reason) => resolve(refusalOfClose(code, reason)))
      }),
  }
}

/** The first message of the push protocol. */
function openSocket(t: Test, { socket }: AttackHouse): Transport {
  return {
    name: 'socket',
    ownReasons: ['frame_malformed', 'invalid_argument', 'too_large'],
    canCarry: () => true,
    show: (token) =>
      new Promise((resolve, reject) => {
        const client = new WebSocket(`ws://${socket}/ws`)
        t.teardown(() => client.terminate())
        client.on('error', reject)
        client.on('open', () => client.send(JSON.stringify({ token, event: 'e', ack: true })))
        client.on('message', () => {
          resolve({ sessionId: sessionOf(token), code: '', reason: '' })
          client.terminate()
        })
        client.on('close', (code, reason) => resolve(refusalOfClose(code, reason)))
      }),
  }
}

/** The first command of the channel protocol, which has codes of its own. */
function openChannels(t: Test, { socket }: AttackHouse): Transport {
  return {
    name: 'channels',
    ownReasons: ['bad_request', 'invalid_token', 'invalid_argument', 'too_large'],
    canCarry: () => true,
    show: (token) =>
      new Promise((resolve, reject) => {
        const client = new WebSocket(`ws://${socket}/connection/websocket`)
        t.teardown(() => client.terminate())
        client.on('error', reject)
        client.on('open', () => client.send(JSON.stringify({ id: 1, connect: { token } })))
        client.on('message', (data: Buffer) => {
          const { connect, error } = JSON.parse(data.toString()) as {
            connect?: object
            error?: { code: number; message: string }
          }
          if (connect) resolve({ sessionId: sessionOf(token), code: '', reason: '' })
          // The one refusal that leaves the line open: the client gets itself a newer token.
          else if (error?.code === REPLY_TOKEN_EXPIRED) {
            resolve(refusal('UNAUTHENTICATED', 'token_expired'))
          } else return
          client.terminate()
        })
        client.on('close', (code, reason) => {
          const text = reason.toString().replaceAll(' ', '_')
          const isToken = code === DISCONNECT_INVALID_TOKEN || code === DISCONNECT_SESSION_ENDED
          resolve(isToken ? refusal('UNAUTHENTICATED', text) : refusalOfClose(code, reason))
        })
      }),
  }
}

/** The question of a sibling service. */
function openGrpc(t: Test, { grpc }: AttackHouse): Transport {
  const ask = openGrpcClient(t, grpc, 'session')
  return {
    name: 'grpc',
    ownReasons: ['too_large', 'invalid_argument'],
    canCarry: (token) => !/[\ud800-\udfff]/.test(token),
    async show(token) {
      try {
        const answer = await ask('Verify', { access_token: token })
        const { active, reason, principal } = answer as {
          active: boolean
          reason: string
          principal: { session_id: string } | null
        }
        return active
          ? { sessionId: principal?.session_id ?? '', code: '', reason: '' }
          : refusal('UNAUTHENTICATED', reason)
      } catch (error) {
        const { code, metadata } = error as {
          code: number
          metadata: { get(name: string): (string | Buffer)[] }
        }
        const reason = metadata.get('reason')[0]
        // A message over the limit is refused by the library below, which gives no reason.
        return reason === undefined
          ? TOO_LARGE
          : refusal(codeOf('grpcStatus', code), reason.toString())
      }
    },
  }
}

function isHeaderText(token: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(token)
}

function verdictOf({ status, body }: { status: number; body: Record<string, unknown> }): Verdict {
  const { session, code, reason } = body as {
    session?: { id: string }
    code?: string
    reason?: string
  }
  return status === 200
    ? { sessionId: session?.id ?? '', code: '', reason: '' }
    : refusal(code ?? `status ${status}`, reason ?? '')
}

interface GraphqlResult extends Record<string, unknown> {
  readonly data?: { readonly user: object | null } | null
  readonly errors?: readonly { readonly extensions?: { code?: string; reason?: string } }[]
  readonly code?: string
  readonly reason?: string
}

/** A refused query tells in the shape of GraphQL, a refused request in that of a problem. */
function verdictOfResult(token: string, result: GraphqlResult, otherwise: string): Verdict {
  if (result.data?.user) return { sessionId: sessionOf(token), code: '', reason: '' }
  const { code, reason } = result.errors?.[0]?.extensions ?? {}
  if (code !== undefined) return refusal(codeOf('graphqlCode', code), reason ?? '')
  return refusal(result.code ?? otherwise, result.reason ?? '')
}

function refusalOfClose(code: number, reason: Buffer): Verdict {
  // A frame over the limit is refused by the protocol below, which gives no reason.
  if (code === CLOSE_TOO_LARGE) return TOO_LARGE
  return refusal(codeOf('closeCode', code), reason.toString())
}

function refusal(code: string, reason: string): Verdict {
  return { sessionId: null, code, reason }
}

/** The code of the closed set that a close code, a status number or a GraphQL code stands for. */
function codeOf(wire: 'closeCode' | 'grpcStatus' | 'graphqlCode', value: number | string): string {
  const entry = Object.entries(ERROR_TABLE).find(([, { [wire]: known }]) => known === value)
  return entry?.[0] ?? `${wire} ${value}`
}

/** The session that a token of ours says it belongs to. */
function sessionOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    sid: string
  }
  return claims.sid
}

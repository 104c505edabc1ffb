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
  openGraphqlCookie,
  openGraphqlSocket,
  openSocket,
  openChannels,
  openGrpc,
  openGrpcBatch,
  openGrpcBearer,
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
    canCarry: isCookieText,
    show: async (token) =>
      verdictOf(await call('GET', `${http}/me`, { headers: { cookie: `_at=${token}` } })),
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
        client.on('close', (code, reason) => resolve(closeVerdictOf(code, reason)))
      }),
  }
}

/** One query over POST, the token in the header. */
function openGraphql(_t: Test, { http }: AttackHouse): Transport {
  return {
    name: 'graphql, bearer',
    ownReasons: ['credentials_malformed', 'headers_too_large'],
    canCarry: isHeaderText,
    show: async (token) =>
      graphqlVerdictOf(await call('POST', `${http}/graphql`, { token, json: { query: CURRENT } })),
  }
}

/** One query over POST, as a page of ours asks it. */
function openGraphqlCookie(_t: Test, { http }: AttackHouse): Transport {
  return {
    name: 'graphql, cookie',
    ownReasons: ['headers_too_large', 'credentials_missing'],
    canCarry: isCookieText,
    async show(token) {
      const headers = { cookie: `_at=${token}`, 'sec-fetch-site': 'same-origin' }
      const options = { headers, json: { query: CURRENT } }
      return graphqlVerdictOf(await call('POST', `${http}/graphql`, options))
    },
  }
}

/** The payload of `connection_init`, then one query. */
function openGraphqlSocket(t: Test, { httpAddress }: AttackHouse): Transport {
  return {
    name: 'graphql, socket',
    ownReasons: ['frame_malformed', 'credentials_missing', 'too_large'],
    // A text that is empty is no token at all.
    canCarry: (token) => token !== '',
    show: (accessToken) =>
      new Promise((resolve, reject) => {
        const client = new WebSocket(`ws://${httpAddress}/graphql`, 'graphql-transport-ws')
        const send = (message: object): void => client.send(JSON.stringify(message))
        const settle = (verdict: Verdict): void => {
          resolve(verdict)
          client.terminate()
        }
        t.teardown(() => client.terminate())
        client.on('error', reject)
        client.on('open', () => send({ type: 'connection_init', payload: { accessToken } }))
        client.on('message', (data: Buffer) => {
          const { type, payload } = JSON.parse(data.toString()) as {
            type: string
            payload?: unknown
          }
          if (type === 'connection_ack') {
            send({ type: 'subscribe', id: '1', payload: { query: CURRENT } })
          } else if (type === 'next') {
            settle(graphqlVerdictOf({ status: 200, body: payload as Record<string, unknown> }))
          } else if (type === 'error') {
            settle(graphqlVerdictOf({ status: 200, body: { errors: payload } }))
          }
        })
        client.on('close', (code, reason) => settle(closeVerdictOf(code, reason)))
      }),
  }
}

/** The question of a sibling service. */
function openGrpc(t: Test, { grpc }: AttackHouse): Transport {
  const ask = openGrpcClient(t, grpc, 'session')
  return {
    name: 'grpc',
    ownReasons: ['too_large', 'invalid_argument'],
    canCarry: isUnicode,
    show: (token) =>
      grpcVerdictOf(async () => grpcAnswerOf(await ask('Verify', { access_token: token }))),
  }
}

/** The question of a sibling service, among others: no token changes what is said of its neighbours. */
function openGrpcBatch(t: Test, { grpc, craft }: AttackHouse): Transport {
  const ask = openGrpcClient(t, grpc, 'session')
  const neighbour = craft({})
  return {
    name: 'grpc, batch',
    ownReasons: ['too_large', 'invalid_argument'],
    canCarry: isUnicode,
    show: (token) =>
      grpcVerdictOf(async () => {
        const access_tokens = [neighbour, token, neighbour]
        const { verdicts } = (await ask('VerifyBatch', { access_tokens })) as {
          verdicts: GrpcAnswer[]
        }
        const [before, asked, after] = verdicts
        const isLetIn = before?.active === true && after?.active === true
        if (!isLetIn || asked === undefined) throw new Error('a neighbour was refused')
        return grpcAnswerOf(asked)
      }),
  }
}

/** The metadata of a call that a user may make: the refusal of what they ask for is that they were let in. */
function openGrpcBearer(t: Test, { grpc }: AttackHouse): Transport {
  const ask = openGrpcClient(t, grpc, 'session', null)
  return {
    name: 'grpc, bearer',
    // Without a token that looks like one, the call is taken for that of a service without its key.
    ownReasons: ['credentials_malformed', 'api_key_invalid'],
    // Metadata is printable ASCII (gRPC over HTTP/2), and the library below refuses to send too much of it.
    canCarry: (token) => /^[\x20-\x7e]*$/.test(token) && token.length < 8_000,
    show: (token) =>
      grpcVerdictOf(async () => {
        const headers = { authorization: `Bearer ${token}` }
        const error = await ask('End', { session_id: 'nobody' }, headers).catch(
          (thrown: unknown) => thrown,
        )
        const { code } = error as { code?: number }
        if (code !== ERROR_TABLE.NOT_FOUND.grpcStatus) throw error
        return { sessionId: sessionOf(token), code: '', reason: '' }
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
          resolve(isToken ? refusal('UNAUTHENTICATED', text) : closeVerdictOf(code, reason))
        })
      }),
  }
}

/** The session that asks. */
const CURRENT = '{ sessions { id current } }'

interface GrpcAnswer {
  readonly active: boolean
  readonly reason: string
  readonly principal: { readonly session_id: string } | null
}

function grpcAnswerOf(answer: object): Verdict {
  const { active, reason, principal } = answer as GrpcAnswer
  return active
    ? { sessionId: principal?.session_id ?? '', code: '', reason: '' }
    : refusal('UNAUTHENTICATED', reason)
}

async function grpcVerdictOf(show: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await show()
  } catch (error) {
    const { code, metadata } = error as {
      code?: number
      metadata?: { get(name: string): (string | Buffer)[] }
    }
    if (code === undefined) throw error
    const reason = metadata?.get('reason')[0]
    // A message over the limit is refused by the library below, which gives no reason.
    return reason === undefined ? TOO_LARGE : refusal(codeOf('grpcStatus', code), reason.toString())
  }
}

function graphqlVerdictOf({
  status,
  body,
}: {
  status: number
  body: Record<string, unknown>
}): Verdict {
  const {
    data,
    errors = [],
    code,
    reason,
  } = body as {
    data?: { sessions: { id: string; current: boolean }[] | null } | null
    errors?: { extensions: { code: string; reason: string } }[]
    code?: string
    reason?: string
  }
  const [failure] = errors
  if (failure) {
    return refusal(codeOf('graphqlCode', failure.extensions.code), failure.extensions.reason)
  }
  const current = data?.sessions?.find((session) => session.current)
  if (current) return { sessionId: current.id, code: '', reason: '' }
  // What Node itself refuses is a problem document.
  return refusal(code ?? `status ${status}`, reason ?? '')
}

function closeVerdictOf(code: number, reason: Buffer): Verdict {
  // A frame over the limit is refused by the protocol below, which gives no reason.
  if (code === CLOSE_TOO_LARGE) return TOO_LARGE
  return refusal(codeOf('closeCode', code), reason.toString())
}

function isUnicode(token: string): boolean {
  return !/[\ud800-\udfff]/.test(token)
}

/** A semicolon ends the value, and spaces around it are no part of it (RFC 6265 §5.2). */
function isCookieText(token: string): boolean {
  return isHeaderText(token) && !token.includes(';') && token === token.trim()
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

function refusal(code: string, reason: string): Verdict {
  return { sessionId: null, code, reason }
}

/** The code of the closed set that a close code, a status number or a code of GraphQL stands for. */
function codeOf(wire: 'closeCode' | 'grpcStatus' | 'graphqlCode', shown: number | string): string {
  const entry = Object.entries(ERROR_TABLE).find(([, { [wire]: known }]) => known === shown)
  return entry?.[0] ?? `${wire} ${shown}`
}

/** The session that a token of ours says it belongs to. */
function sessionOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    sid: string
  }
  return claims.sid
}

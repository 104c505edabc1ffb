import { Centrifuge } from 'centrifuge'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { ERROR_TABLE } from '../../src/errors/code.js'
import { openLine } from './graphql-house.js'
import { openGrpcClient, watchRevocations } from './grpc-client.js'
import { call, type SignedIn } from './http-client.js'
import { openPushClient } from './push-client.js'
import { waitFor } from './wait-for.js'

const AUTH = 'subscription { auth { authorized reason } }'
/** A client of the channel protocol does not come back after it. */
const SESSION_ENDED_CODE = 4500
const OVER_STATUS = ERROR_TABLE.UNAUTHENTICATED.grpcStatus
const LOG_LOST = `${ERROR_TABLE.FAILED_PRECONDITION.grpcStatus} position_expired`

/** Where the services of one process are. */
export interface Services {
  readonly http: string
  readonly socket: string
  readonly grpc: string
}

export interface Told {
  /** What a question about the session is answered with, over HTTP and gRPC. */
  readonly reason: string
  readonly message: string | RegExp
  /** What open streams end with, when that is another reason. */
  readonly streamReason?: string
  /** The log of ended sessions is lost as well, and a stream over it may find that first. */
  readonly isLogLost?: boolean
}

/**
 * A session of an administrator (only those have streams over gRPC) with something open on every transport of one
 * process. The function waits for the end of all of them and checks that each is told why.
 */
export async function openEverywhere(
  t: Test,
  at: Services,
  { accessToken }: Pick<SignedIn, 'accessToken'>,
): Promise<(told: Told) => Promise<void>> {
  const line = openLine(t, at.http, { init: { accessToken } })
  const feed = line.follow(AUTH)
  const push = await openPushClient(t, at.socket, { token: accessToken, event: 'news' })
  const channels = openChannels(t, at.socket, accessToken)
  const stream = watchRevocations(t, at.grpc, accessToken)
  const verify = openGrpcClient(t, at.grpc, 'session')
  await waitFor('the first state of the tab', () => feed.values.length > 0)
  await waitFor('the stream', () => stream.received.length > 0)
  await waitFor('the channels', () => channels.includes('connected'))
  t.match(feed.values[0], { auth: { authorized: true } })
  t.equal((await call('GET', `${at.http}/me`, { token: accessToken })).status, 200)
  t.match(await verify('Verify', { access_token: accessToken }), { active: true })
  return async ({ reason, message, streamReason = reason, isLogLost = false }) => {
    const { code, reason: cancelled } = await stream.failed
    const end = isLogLost && code !== OVER_STATUS ? LOG_LOST : `${OVER_STATUS} ${streamReason}`
    t.equal(`${code} ${cancelled}`, end, 'gRPC stream')
    t.match(
      await call('GET', `${at.http}/me`, { token: accessToken }),
      { status: 401, body: { code: 'UNAUTHENTICATED', reason, detail: message } },
      'HTTP',
    )
    t.match(
      await verify('Verify', { access_token: accessToken }),
      { active: false, reason, message },
      'gRPC call',
    )
    t.same(await push.closed, { code: 4401, reason: streamReason }, 'WebSocket')
    await waitFor('the end of the channels', () => channels.length > 1)
    // A connection that had to come back meanwhile has asked, and is told what questions are.
    const isQuestion = channels[1]?.endsWith(reason) === true
    t.strictSame(
      channels,
      ['connected', `disconnected ${SESSION_ENDED_CODE} ${isQuestion ? reason : streamReason}`],
      'channels',
    )
    await waitFor('the close of the tab', () => line.closed())
    const last = { auth: { authorized: false, reason: streamReason } }
    t.match(feed.values.at(-1), last, 'GraphQL: the last state')
    t.ok(feed.isComplete(), 'GraphQL: complete')
    t.same(line.closed(), { code: 4401, reason: streamReason }, 'GraphQL: close')
  }
}

/** What happens to a connection of the published client library. */
function openChannels(t: Test, address: string, token: string): readonly string[] {
  const client = new Centrifuge(`ws://${address}/connection/websocket`, {
    ...{ websocket: WebSocket, token, minReconnectDelay: 20, maxReconnectDelay: 100 },
  })
  t.teardown(() => client.disconnect())
  const events: string[] = []
  client.on('connected', () => events.push('connected'))
  client.on('disconnected', ({ code, reason }) => events.push(`disconnected ${code} ${reason}`))
  client.connect()
  return events
}

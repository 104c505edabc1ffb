import type { Revocation } from '../../domain/revocation.js'
import type { FeedEvent, RevocationFeed } from '../../service/revocation-feed.js'
import type { Revocation as RevocationMessage } from '../generated/gatehouse/v1/Revocation.js'
import type { WatchRevocationsRequest__Output } from '../generated/gatehouse/v1/WatchRevocationsRequest.js'
import type { WatchRevocationsResponse } from '../generated/gatehouse/v1/WatchRevocationsResponse.js'
import type { ServerStreamHandler } from '../stream.js'
import { toTimestamp } from './timestamp.js'

/** `gatehouse.v1.SessionService/WatchRevocations`. */
export function createWatchRevocationsHandler(deps: {
  revocations: RevocationFeed
}): ServerStreamHandler<WatchRevocationsRequest__Output, WatchRevocationsResponse> {
  const { revocations } = deps
  return async function* ({ resumeAfter }, { signal }) {
    for await (const event of revocations.watch(resumeAfter, signal)) {
      yield { position: event.position, ...messageOf(event, revocations) }
    }
  }
}

function messageOf(event: FeedEvent, feed: RevocationFeed): WatchRevocationsResponse {
  switch (event.type) {
    case 'started':
      return {
        started: {
          snapshot: event.snapshot,
          rememberSeconds: feed.rememberSeconds,
          heartbeatIntervalMs: feed.heartbeatIntervalMs,
        },
      }
    case 'revocations':
      return { revocations: { revocations: event.revocations.map(toMessage) } }
    case 'caught-up':
      return { caughtUp: {} }
    case 'heartbeat':
      return { heartbeat: {} }
  }
}

function toMessage({ id, userId, reason, endedAt }: Revocation): RevocationMessage {
  return { sessionId: id, userId, reason, endedAt: toTimestamp(endedAt) }
}

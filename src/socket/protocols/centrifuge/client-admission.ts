import type { EndedSession } from '../../../domain/session.js'
import { unauthenticated } from '../../../errors/app-error.js'
import { personalChannel, PERSONAL_NAMESPACE } from '../../../realtime/channel-name.js'
import type { ClientLine } from '../../client-line.js'
import { isRecord } from '../../json-member.js'
import {
  ANONYMOUS,
  type CentrifugeDeps,
  type CentrifugeOptions,
  type ClientIdentity,
  identityOf,
} from './centrifuge-deps.js'
import { REPLY_ERRORS, ReplyFailure } from './code.js'
import { type Params, positionOf, textOf } from './command.js'
import type { SubscribeResult } from './reply.js'
import type { SubscriptionSet } from './subscription-set.js'

/** Who asks to be let in, and what becomes of the connection with its session. */
export interface Applicant {
  readonly line: ClientLine
  /** The access token that came as a cookie. */
  readonly credential: string | null
  /** Takes the function that gives the handle of the session back. */
  onAttached(detach: () => void): void
  onSessionEnded(ended: EndedSession): void
}

/**
 * Who it is, with the handle of the session in place. Raises what the authentication raises, and error 101 for a
 * connection without a token where strangers are not let in.
 */
export async function identify(
  { authentication, sessionHandles }: CentrifugeDeps,
  options: Pick<CentrifugeOptions, 'anonymous'>,
  applicant: Applicant,
  params: Params,
): Promise<ClientIdentity> {
  const token = textOf(params, 'token') || applicant.credential
  if (token === null) {
    if (options.anonymous) return ANONYMOUS
    throw new ReplyFailure(REPLY_ERRORS.unauthorized)
  }
  const { sessionId } = await authentication.authenticate(token)
  if (!applicant.line.isOpen()) return ANONYMOUS
  applicant.onAttached(
    sessionHandles.attach(sessionId, { end: (ended) => applicant.onSessionEnded(ended) }),
  )
  // The session may have ended after the check and before the handle was there to hear of it. With the handle in place a
  // second check leaves no such gap.
  return identityOf(await authentication.authenticate(token))
}

/**
 * What a newer token of the same session proves. Raises what the authentication raises, and UNAUTHENTICATED
 * (`token_foreign`) for a token of another session.
 */
export async function renew(
  { authentication }: CentrifugeDeps,
  identity: ClientIdentity,
  params: Params,
): Promise<ClientIdentity> {
  const principal = await authentication.authenticate(textOf(params, 'token'))
  if (principal.sessionId === identity.sessionId) return identityOf(principal)
  throw unauthenticated('token_foreign', 'The token is of another session.')
}

/** Subscribes a connection to the channel of its user, recovering what the connect command asks for. */
export async function subscribePersonal(
  { namespaces }: CentrifugeDeps,
  subscriptions: SubscriptionSet,
  userId: string,
  params: Params,
): Promise<ReadonlyMap<string, SubscribeResult>> {
  const results = new Map<string, SubscribeResult>()
  if (userId === '' || !namespaces.has(PERSONAL_NAMESPACE)) return results
  const channel = personalChannel(userId)
  const wanted = isRecord(params['subs']) ? params['subs'][channel] : undefined
  const since = isRecord(wanted) && wanted['recover'] === true ? positionOf(wanted) : null
  await subscriptions.subscribeByServer(channel, since, (result) => results.set(channel, result))
  return results
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ClientContext } from '../../domain/client.js'
import type { Principal } from '../../domain/session.js'
import { AppError, toAppError } from '../../errors/app-error.js'
import type { SessionService } from '../../service/session-service.js'
import type { TabService } from '../../service/tab-service.js'
import { type ClientContextDeps, cleanUserAgent, resolveClient } from '../client-context.js'
import { readCookies } from '../cookie.js'
import { clearCredentialCookies, setCredentialCookies } from '../credential-cookies.js'
import { type AuthenticationDeps, authenticateRequest } from '../plugins/authentication.js'
import { peerAddress } from '../peer-address.js'
import { readTabToken } from '../session-id.js'
import { createLoaders } from './loader.js'
import type { Caller, OperationContext, OperationLine, Outcome } from './operation-context.js'

export interface HttpContextDeps extends AuthenticationDeps, ClientContextDeps {
  readonly sessions: Pick<SessionService, 'listForUsers'>
  readonly tabs: TabService
}

const NOBODY: Caller = { principal: null, failure: null }
const NO_OUTCOMES: ReadonlyMap<string, Outcome> = new Map()
const renewNothing = (): Promise<void> => Promise.resolve()

/** Makes the context of each operation of one request. With `isOnly`, its end is told by the line of the request. */
export type HttpContextFactory = (isOnly: boolean) => OperationContext

/**
 * What the operations of one request see. Credentials that prove nothing are no failure here: whoever needs a caller
 * says why there is none. Raises for a tab token that is not genuine or another browser's, for credentials that
 * contradict each other, and UNAVAILABLE when the store cannot be asked.
 */
export async function createHttpContext(
  deps: HttpContextDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<HttpContextFactory> {
  const caller = await findCaller(deps, request)
  const { principal } = caller
  request.principal = principal
  const client = clientFor(deps, principal, request, reply)
  const token = readTabToken(request)
  // Beside the client of the session, the label of the browser counts, and is looked at only where it matters.
  const label = token === null ? null : readLabel(deps, request)
  const clientIds: [string, ...string[]] = [client.clientId]
  if (label !== null) clientIds.push(label)
  const tab = await deps.tabs.resolve(token, clientIds)
  const { refresh } = readCookies(request.headers.cookie, deps.cookies)
  const cookies = {
    refreshToken: refresh,
    set: (signIn: Parameters<typeof setCredentialCookies>[1]) =>
      setCredentialCookies(reply, signIn, deps.secureCookies),
    clear: () => clearCredentialCookies(reply, deps.secureCookies),
  }
  // Written out, here as in all that runs with every operation: spreading objects would cost more than the rest.
  return (isOnly) => ({
    requestId: request.id,
    client,
    tab,
    cookies,
    caller: () => caller,
    view: null,
    renewed: renewNothing,
    report: isOnly ? (line) => reportWith(request, line) : null,
    provedUserIds: new Set(),
    loaders: createLoaders(deps.sessions),
    outcomes: NO_OUTCOMES,
  })
}

/** One line tells of the request and its one operation, unless the caller hung up: that line is written already. */
function reportWith(request: FastifyRequest, line: OperationLine): boolean {
  if (request.raw.socket.destroyed) return false
  const { level, name, type, reasons, cause } = line
  const fields: Record<string, unknown> = { operationName: name, operationType: type }
  if (reasons) fields['reasons'] = reasons
  if (cause !== undefined) fields['err'] = cause
  request.outcome = { level, fields }
  return true
}

/** Who signed in is known by their session; everybody else by their label, which is given where it is missing. */
function clientFor(
  deps: HttpContextDeps,
  principal: Principal | null,
  request: FastifyRequest,
  reply: FastifyReply,
): ClientContext {
  if (!principal) return resolveClient(deps, request, reply)
  return {
    clientId: principal.clientId,
    userAgent: cleanUserAgent(request.headers['user-agent']),
    address: peerAddress(request),
  }
}

function readLabel({ clientLabeler, cookies }: HttpContextDeps, request: FastifyRequest) {
  const { client } = readCookies(request.headers.cookie, cookies)
  return client === null ? null : clientLabeler.read(client)
}

async function findCaller(deps: HttpContextDeps, request: FastifyRequest): Promise<Caller> {
  try {
    return { principal: await authenticateRequest(deps, request), failure: null }
  } catch (thrown) {
    const failure = toAppError(thrown)
    if (failure.code !== 'UNAUTHENTICATED') throw failure
    return failure.reason === 'credentials_missing' ? NOBODY : { principal: null, failure }
  }
}

/** The refusal of a request whose answer the client could not read. */
export function notAcceptable(): AppError {
  const message = 'The answer is application/graphql-response+json or application/json.'
  return new AppError('INVALID_ARGUMENT', 'not_acceptable', message)
}

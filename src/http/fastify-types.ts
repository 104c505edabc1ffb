import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  onRequestHookHandler,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ClientContext } from '../domain/client.js'
import type { Logger } from '../domain/logger.js'
import type { Principal } from '../domain/session.js'
import type { AppError } from '../errors/app-error.js'

/** Said of a request by what it set in motion, on the one log line of the request. */
export interface RequestOutcome {
  /** The line has at least this level. */
  readonly level: keyof Logger
  readonly fields: Readonly<Record<string, unknown>>
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling; null where nobody has to prove it. */
    principal: Principal | null
    /** The browser or device; null where it was not looked at. */
    client: ClientContext | null
    /** Why the request was refused; the log line says it. */
    failure: AppError | null
    /** What the work behind the request adds to its log line; null when nothing. */
    outcome: RequestOutcome | null
  }
  interface FastifyContextConfig {
    /** What the route does, in one camelCase word: the name in logs and in the API document. */
    operation?: string
    /** Asked for by machines every few seconds: a success is logged at debug. */
    quiet?: boolean
    /** Whether the route takes WebSockets. Any other route refuses an upgrade. */
    isWebSocket?: boolean
  }
}

/** A server, or a scope of it, whose handlers are typed by their schemas. */
export type TypedServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** A guard that decides at once; usable as any hook before the handler. */
export type SyncGuard = (...args: Parameters<onRequestHookHandler>) => void

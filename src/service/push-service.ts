import { type ErrorDetail, invalidArgument } from '../errors/app-error.js'
import type { Broker } from '../domain/broker.js'
import type { DeliveryReceipt, Reach, Receipt } from './realtime-service.js'

export const PUSH_FIELD_BYTES_MAX = 256
export const PUSH_MESSAGE_BYTES_MAX = 65_536

export interface PushResult {
  /** Connections that accepted the message, over all processes that answered. */
  readonly delivered: number
  readonly processes: { readonly asked: number; readonly answered: number }
  /** Present when it was asked for. */
  readonly receipt?: DeliveryReceipt
}

export interface PushInput {
  readonly userId: string
  readonly event: string
  readonly message: string
  /** How much the answer says about the delivery; nothing more when not given. */
  readonly receipt?: Receipt
}

/**
 * Decides about a push before anybody gets it: a product may allow some events to some callers only. Raises the
 * AppError with which it is refused.
 */
export type PushAuthorizer = (input: PushInput) => void | Promise<void>

export interface PushService {
  /**
   * Delivers `message` to every connection registered for this user and event, in every process.
   * Raises INVALID_ARGUMENT for an empty or oversize field, what the authorizer raises, and UNAVAILABLE when the
   * other processes cannot be asked (those who are connected here have got it then).
   */
  push(input: PushInput): Promise<PushResult>
  /**
   * Closes the connections of a user that registered, or those registered for one event, in every process; they may
   * come back. Raises INVALID_ARGUMENT and UNAVAILABLE as `push` does.
   */
  drop(target: { userId: string; event?: string }): Promise<Reach>
}

export interface PushServiceDeps {
  readonly broker: Broker
  /** How long to wait for the other processes to answer. */
  readonly surveyTimeoutMs: number
  /** Allows every push when not given. */
  readonly authorize?: PushAuthorizer
}

export function createPushService(deps: PushServiceDeps): PushService {
  const { broker, surveyTimeoutMs } = deps
  return {
    push: (input) => push(deps, input),
    async drop({ userId, event }) {
      refuse('The connections cannot be dropped.', [
        ...sizeProblem('userId', userId, PUSH_FIELD_BYTES_MAX),
        ...(event === undefined ? [] : sizeProblem('event', event, PUSH_FIELD_BYTES_MAX)),
      ])
      const target = event === undefined ? { userId } : { userId, event }
      const { asked, answers, missing } = await broker.survey('drop', target, surveyTimeoutMs)
      return {
        connections: answers.reduce((sum, { connections }) => sum + connections, 0),
        processes: { asked, answered: answers.length, missing },
      }
    },
  }
}

async function push(
  { broker, surveyTimeoutMs, authorize }: PushServiceDeps,
  input: PushInput,
): Promise<PushResult> {
  const { userId, event, message, receipt = 'none' } = input
  refuse('The message cannot be pushed.', [
    ...sizeProblem('userId', userId, PUSH_FIELD_BYTES_MAX),
    ...sizeProblem('event', event, PUSH_FIELD_BYTES_MAX),
    ...sizeProblem('message', message, PUSH_MESSAGE_BYTES_MAX),
  ])
  await authorize?.(input)
  const survey = await broker.survey('push', { userId, event, message }, surveyTimeoutMs)
  const { asked, answers, missing } = survey
  const total = (count: (answer: (typeof answers)[number]) => number): number =>
    answers.reduce((sum, answer) => sum + count(answer), 0)
  const processes = { asked, answered: answers.length }
  const delivered = total((answer) => answer.delivered)
  if (receipt === 'none') return { delivered, processes }
  const isCounted = receipt === 'written'
  return {
    delivered,
    processes,
    receipt: {
      processes: { ...processes, missing },
      written: isCounted ? delivered : 0,
      queued: isCounted ? total(({ queued = 0 }) => queued) : 0,
      dropped: isCounted ? total(({ dropped = 0 }) => dropped) : 0,
    },
  }
}

/** Raises INVALID_ARGUMENT when there is a problem. */
function refuse(message: string, details: readonly ErrorDetail[]): void {
  if (details.length > 0) throw invalidArgument(message, details)
}

function sizeProblem(path: string, value: string, bytesMax: number): readonly ErrorDetail[] {
  const bytes = Buffer.byteLength(value)
  return bytes > 0 && bytes <= bytesMax ? [] : [{ path, message: `1 to ${bytesMax} bytes.` }]
}

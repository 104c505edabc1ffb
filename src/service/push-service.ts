import { type ErrorDetail, invalidArgument } from '../errors/app-error.js'
import type { Broker } from '../domain/broker.js'

export const PUSH_FIELD_BYTES_MAX = 256
export const PUSH_MESSAGE_BYTES_MAX = 65_536

export interface PushResult {
  /** Connections that accepted the message, over all processes that answered. */
  readonly delivered: number
  readonly processes: { readonly asked: number; readonly answered: number }
}

export interface PushService {
  /**
   * Delivers `message` to every connection registered for this user and event, in every process.
   * Raises INVALID_ARGUMENT for an empty or oversize field, UNAVAILABLE when the other processes cannot be
   * asked (those who are connected here have got it then).
   */
  push(input: { userId: string; event: string; message: string }): Promise<PushResult>
}

export interface PushServiceDeps {
  readonly broker: Broker
  /** How long to wait for the other processes to answer. */
  readonly surveyTimeoutMs: number
}

export function createPushService({ broker, surveyTimeoutMs }: PushServiceDeps): PushService {
  return {
    async push({ userId, event, message }) {
      const details = [
        ...sizeProblem('userId', userId, PUSH_FIELD_BYTES_MAX),
        ...sizeProblem('event', event, PUSH_FIELD_BYTES_MAX),
        ...sizeProblem('message', message, PUSH_MESSAGE_BYTES_MAX),
      ]
      if (details.length > 0) throw invalidArgument('The message cannot be pushed.', details)
      const survey = await broker.survey('push', { userId, event, message }, surveyTimeoutMs)
      return {
        delivered: survey.answers.reduce((sum, answer) => sum + answer.delivered, 0),
        processes: { asked: survey.asked, answered: survey.answers.length },
      }
    },
  }
}

function sizeProblem(path: string, value: string, bytesMax: number): readonly ErrorDetail[] {
  const bytes = Buffer.byteLength(value)
  return bytes > 0 && bytes <= bytesMax ? [] : [{ path, message: `1 to ${bytesMax} bytes.` }]
}

/** A question or an answer; `body` is the JSON of the request or of the answer. */
export interface BusMessage {
  readonly surveyId: string
  readonly from: string
  readonly kind: string
  readonly body: string
}

/** Whether what came over the line is one; other versions may send other things. */
export function isBusMessage(value: unknown): value is BusMessage {
  if (typeof value !== 'object' || value === null) return false
  const { surveyId, from, kind, body } = value as Record<string, unknown>
  return [surveyId, from, kind, body].every((member) => typeof member === 'string')
}

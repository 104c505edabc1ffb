import type { ExternalProfile } from '../../domain/identity-provider.js'
import { answerInvalid } from './provider-error.js'

/** As long as the column that keeps it. */
const PROVIDER_ID_CHARS_MAX = 191
const PROVIDER_ID = /^[\x21-\x7e]+$/

/** The text, or null for anything that is not one or is empty. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** An id that can be kept as it is. Raises INVALID_ARGUMENT (`provider_answer_invalid`). */
export function providerIdOf(value: unknown): ExternalProfile['providerId'] {
  const id = textOf(value)
  if (id === null || id.length > PROVIDER_ID_CHARS_MAX || !PROVIDER_ID.test(id)) {
    throw answerInvalid('the id of the person is not usable')
  }
  return id
}

import { AppError } from '../../errors/app-error.js'
import { TOO_LARGE_REASON } from '../../errors/code.js'
import { PUSH_FIELD_BYTES_MAX } from '../../service/push-service.js'
import { parseJson, readMembers } from '../json-member.js'

/** A token, an event and some room for the JSON around them. */
export const PUSH_FRAME_BYTES_MAX = 8_192

/** What a client of the simple push protocol may say. */
export type PushFrame =
  | {
      readonly kind: 'register'
      readonly token: string
      readonly event: string
      readonly ack: boolean
    }
  | { readonly kind: 'unregister'; readonly event: string; readonly ack: boolean }

/**
 * Reads `{"token","event"}` or `{"event","unregister":true}`, both with an optional `"ack": true`. Member
 * names are case-insensitive, members with other names are ignored. Raises INVALID_ARGUMENT with reason
 * `frame_malformed`, and RESOURCE_EXHAUSTED with reason `too_large`.
 */
export function parsePushFrame(data: Buffer): PushFrame {
  if (data.length > PUSH_FRAME_BYTES_MAX) {
    const message = `A registration has at most ${PUSH_FRAME_BYTES_MAX} bytes.`
    throw new AppError('RESOURCE_EXHAUSTED', TOO_LARGE_REASON, message)
  }
  const members = readMembers(parseJson(data.toString()))
  if (members === null) throw malformed('A frame is a JSON object.')
  const event = members.get('event')
  if (
    typeof event !== 'string' ||
    event === '' ||
    Buffer.byteLength(event) > PUSH_FIELD_BYTES_MAX
  ) {
    throw malformed(`"event" is a text of 1 to ${PUSH_FIELD_BYTES_MAX} bytes.`)
  }
  const ack = readFlag(members, 'ack')
  if (readFlag(members, 'unregister')) return { kind: 'unregister', event, ack }
  const token = members.get('token')
  if (typeof token !== 'string' || token === '') throw malformed('"token" is a text.')
  return { kind: 'register', token, event, ack }
}

function readFlag(members: ReadonlyMap<string, unknown>, name: string): boolean {
  const value = members.get(name) ?? false
  if (typeof value !== 'boolean') throw malformed(`"${name}" is true or false.`)
  return value
}

function malformed(message: string): AppError {
  return new AppError('INVALID_ARGUMENT', 'frame_malformed', message)
}

import { AppError } from '../../../errors/app-error.js'

/** What a page shows of itself when it opens a line; null where it shows nothing. */
export interface InitPayload {
  readonly tabToken: string | null
  readonly accessToken: string | null
}

const BEARER = /^bearer +(\S+)$/i
const NOTHING: InitPayload = { tabToken: null, accessToken: null }

/**
 * Reads the payload of `connection_init`: `Session-ID`, and `accessToken` or `Authorization: Bearer …`, with names
 * in any case. Raises INVALID_ARGUMENT with `init_malformed`, or `credentials_ambiguous` for two tokens that differ.
 */
export function readInitPayload(payload: unknown): InitPayload {
  if (payload === undefined || payload === null) return NOTHING
  if (typeof payload !== 'object' || Array.isArray(payload)) throw malformed('It is an object.')
  const members = new Map(
    Object.entries(payload).map(([name, value]) => [name.toLowerCase(), value as unknown]),
  )
  const authorization = readText(members, 'authorization')
  const bearer = authorization === null ? null : (BEARER.exec(authorization)?.[1] ?? null)
  if (authorization !== null && bearer === null) {
    throw malformed('"Authorization" is "Bearer" and one token.')
  }
  const accessToken = readText(members, 'accesstoken')
  if (bearer !== null && accessToken !== null && bearer !== accessToken) {
    const message = 'Two access tokens came, and they differ.'
    throw new AppError('INVALID_ARGUMENT', 'credentials_ambiguous', message)
  }
  return { tabToken: readText(members, 'session-id'), accessToken: accessToken ?? bearer }
}

/** The access token that a ping brings along to keep its line alive; null for any other ping. */
export function readPingToken(payload: unknown): string | null {
  const { accessToken } = (payload ?? {}) as { accessToken?: unknown }
  return typeof accessToken === 'string' ? accessToken : null
}

function readText(members: ReadonlyMap<string, unknown>, name: string): string | null {
  const value = members.get(name) ?? null
  if (value === null || value === '') return null
  if (typeof value !== 'string') throw malformed(`"${name}" is a text.`)
  return value
}

function malformed(message: string): AppError {
  return new AppError('INVALID_ARGUMENT', 'init_malformed', `The payload is not right. ${message}`)
}

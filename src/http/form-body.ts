import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { AppError } from '../errors/app-error.js'

/**
 * Lets a scope read forms (`application/x-www-form-urlencoded`) and nothing else, as the OAuth RFCs want it. A
 * parameter that comes twice refuses the whole body (RFC 6749 §3.2).
 */
export function registerFormBody(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser<Buffer>(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => parseForm(body),
  )
  scope.addContentTypeParser('*', (_request, _payload, done) => {
    const message = 'The body must be sent as application/x-www-form-urlencoded.'
    done(new AppError('INVALID_ARGUMENT', 'unsupported_media_type', message))
  })
}

function parseForm(body: Buffer): Readonly<Record<string, string>> {
  if (!isUtf8(body)) throw malformed('The body is not valid UTF-8.')
  // Without a prototype, so that no name is special.
  const form = Object.create(null) as Record<string, string>
  for (const [name, value] of new URLSearchParams(body.toString())) {
    if (name in form) throw malformed('A parameter came more than once.')
    form[name] = value
  }
  return form
}

function malformed(message: string): AppError {
  return new AppError('INVALID_ARGUMENT', 'form_malformed', message)
}

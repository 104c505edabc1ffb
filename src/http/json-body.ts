import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { AppError } from '../errors/app-error.js'

/**
 * JSON is the only content type that is read; any other is 415. Members called `__proto__` or
 * `constructor.prototype` refuse the whole body. A body that is announced but empty is no body: a schema that
 * wants one says so.
 */
export function registerJsonBody(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeAllContentTypeParsers()
  server.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body, done) => {
      if (body.length === 0) {
        done(null, undefined)
      } else if (isUtf8(body)) {
        void parse(request, body.toString(), done)
      } else {
        // Read leniently, two different passwords could become one.
        done(new AppError('INVALID_ARGUMENT', 'json_malformed', 'The body is not valid UTF-8.'))
      }
    },
  )
}

import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'
import { ERROR_TABLE } from '../errors/code.js'
import { securityHeaders } from './plugins/security-headers.js'
import { problemHeaders, problemStatusOf, writeProblem } from './problem.js'

/** An error of Node's HTTP parser, or of the connection below it. */
export interface ClientError extends Error {
  readonly code?: string
}

/**
 * Answers bytes that never became a request with a problem document, written straight to the socket, and
 * hangs up. Where an answer has begun already, or nobody is left to read one, it only hangs up.
 */
export function createClientErrorHandler(
  logger: Logger,
  secure: boolean,
): (error: ClientError, socket: Socket) => void {
  return (thrown, socket) => {
    if (thrown.code === 'ECONNRESET' || !socket.writable || hasBegunAnswer(socket)) {
      socket.destroy()
      return
    }
    const error = mapClientError(thrown.code)
    const requestId = randomUUID()
    logger[ERROR_TABLE[error.code].logLevel](
      { requestId, status: problemStatusOf(error), reason: error.reason, parser: thrown.code },
      'unreadable request',
    )
    socket.write(writeAnswer(error, requestId, secure))
    socket.destroySoon()
  }
}

function mapClientError(code: string | undefined): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('RESOURCE_EXHAUSTED', 'headers_too_large', 'The headers are too large.')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('DEADLINE_EXCEEDED', 'request_timeout', 'The request came too slowly.')
    default:
      return new AppError('INVALID_ARGUMENT', 'request_malformed', 'The request is not HTTP/1.1.')
  }
}

function writeAnswer(error: AppError, requestId: string, secure: boolean): string {
  const status = problemStatusOf(error)
  const body = writeProblem(error, requestId)
  const headers = {
    ...securityHeaders(secure),
    ...problemHeaders(error),
    'x-request-id': requestId,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`
}

/**
 * Whether the head of an answer is already on its way: text in the middle of it would garble it. Node keeps
 * the answer in progress on the socket and decides by it in its own handler too.
 */
function hasBegunAnswer(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as Socket & {
    _httpMessage?: { headersSent: boolean } | null
  }
  return answer?.headersSent === true
}

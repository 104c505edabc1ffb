import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Logger } from '../../domain/logger.js'
import { clientClosed } from '../error-mapping.js'
import { problemStatusOf } from '../problem.js'
import { logRequest } from './request-log.js'

/** What one connection still has to answer: several requests when the client pipelines. */
type OpenReplies = Set<FastifyReply>

/**
 * Lets `server.close()` end: requests that have begun are finished, their answers say `connection: close`,
 * and connections without a request (silent, kept alive, or in the middle of a request head) are closed at
 * once. Without it, Node waits for the client to hang up.
 *
 * It also writes the log line of a request whose client went away: Fastify reports only finished answers.
 */
export function registerDrain(server: FastifyInstance, logger: Logger): void {
  const connections = new Map<Socket, OpenReplies>()
  let draining = false

  server.server.on('connection', (socket: Socket) => {
    connections.set(socket, new Set())
    socket.once('close', () => {
      const open = connections.get(socket)
      connections.delete(socket)
      if (open) logAbandoned(logger, open)
    })
  })

  server.addHook('onRequest', (request, reply, done) => {
    const { socket, headers } = request.raw
    // A connection that becomes a WebSocket belongs to whoever took it.
    if (headers.upgrade !== undefined) connections.delete(socket)
    else connections.get(socket)?.add(reply)
    done()
  })
  server.addHook('onResponse', (request, reply, done) => {
    const { socket } = request.raw
    const open = connections.get(socket)
    open?.delete(reply)
    // An answer whose head left before the draining began did not say that its connection ends.
    if (draining && open?.size === 0) socket.destroySoon()
    done()
  })

  server.addHook('preClose', (done) => {
    draining = true
    for (const [socket, open] of connections) {
      if (open.size === 0) socket.destroy()
      // Requests that begin from now on get the header from Fastify itself.
      for (const reply of open) if (!reply.sent) void reply.header('connection', 'close')
    }
    done()
  })
}

function logAbandoned(logger: Logger, open: OpenReplies): void {
  const gone = clientClosed()
  for (const reply of open) {
    reply.request.failure = gone
    logRequest(logger, reply.request, reply, problemStatusOf(gone))
  }
}

import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type ListenAddress, listenError } from '../errors/listen-error.js'
import type { RunningService } from './service-runner.js'

/**
 * Lets a Fastify server listen. Raises FAILED_PRECONDITION naming the address when it cannot; the server
 * is closed then.
 */
export async function listenWeb(
  server: FastifyInstance,
  { host, port }: ListenAddress,
): Promise<RunningService> {
  try {
    await server.listen({ host, port })
  } catch (error) {
    await server.close()
    throw listenError(error, { host, port })
  }
  const bound = server.server.address() as AddressInfo
  return {
    address: { host, port: bound.port },
    close: (deadlineMs) => closeWeb(server, deadlineMs),
  }
}

/** Closes in order; what is still open at the deadline is cut. */
async function closeWeb(server: FastifyInstance, deadlineMs: number): Promise<void> {
  const cut = setTimeout(() => server.server.closeAllConnections(), deadlineMs)
  try {
    await server.close()
  } finally {
    clearTimeout(cut)
  }
}

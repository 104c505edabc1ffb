import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type ListenAddress, listenError } from '../errors/listen-error.js'
import type { RunningService } from './service-runner.js'

/**
 * The part of the deadline of a stopping process after which its last long connection is cut: what they leave behind,
 * and the stores, need the rest. The drain window is at most half of the deadline.
 */
const DRAIN_SHARE = 0.6

/** How long after the beginning of the end long connections are cut, in milliseconds. */
export function drainDeadline({ deadlineMs }: { readonly deadlineMs: number }): number {
  return deadlineMs * DRAIN_SHARE
}

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

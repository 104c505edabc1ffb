import type { Config } from '../config/schema.js'
import type { Logger } from '../domain/logger.js'
import { AppError, toAppError } from '../errors/app-error.js'
import { formatAddress, type ListenAddress } from '../errors/listen-error.js'
import { createGrpcChannel } from '../grpc/create-grpc-channel.js'
import { createHealthClient } from '../grpc/create-health-client.js'
import { openGrpcChannel } from './open-grpc-channel.js'
import { systemClock } from './system-clock.js'

/** For the whole question: a probe that waits longer has its answer. */
const TIMEOUT_MS = 3_000

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

export interface HealthAnswer {
  readonly ready: boolean
  /** By part, as the service says; empty where it says only yes or no. */
  readonly parts: Readonly<Record<string, string>>
}

/**
 * Asks a running service of this configuration, on this machine, whether it should get traffic. Raises UNAVAILABLE
 * (`not_running`, naming the address) when it does not answer.
 */
export async function checkHealth({
  service,
  config,
}: {
  readonly service: 'http' | 'socket' | 'grpc'
  readonly config: Config
}): Promise<HealthAnswer> {
  return service === 'grpc' ? checkGrpc(config) : checkWeb(config[service])
}

async function checkWeb(listen: ListenAddress): Promise<HealthAnswer> {
  const address = formatAddress(reachable(listen))
  try {
    const answer = await fetch(`http://${address}/health/ready`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const body = (await answer.json()) as { readonly parts?: Record<string, string> }
    return { ready: answer.ok, parts: body.parts ?? {} }
  } catch (error) {
    throw notRunning(address, error)
  }
}

async function checkGrpc(config: Config): Promise<HealthAnswer> {
  const { grpc } = config
  const plain = grpc.healthAddress
  const address = plain === '' ? formatAddress(reachable(grpc)) : plain
  const channel =
    plain === ''
      ? openGrpcChannel(config, address, { clock: systemClock, logger: SILENT })
      : createGrpcChannel({ address, messageBytesMax: grpc.messageBytesMax })
  try {
    const client = createHealthClient({ channel, callTimeoutMs: TIMEOUT_MS })
    return { ready: await client.isServing(), parts: {} }
  } catch (error) {
    throw notRunning(address, error)
  } finally {
    await channel.close()
  }
}

/** Who listens on all addresses is reached on that of the machine itself. */
function reachable({ host, port }: ListenAddress): ListenAddress {
  if (host === '0.0.0.0') return { host: '127.0.0.1', port }
  return host === '::' ? { host: '::1', port } : { host, port }
}

function notRunning(address: string, cause: unknown): AppError {
  const known = toAppError(cause)
  const why = known.code === 'INTERNAL' || known.code === 'UNAVAILABLE' ? '' : ` ${known.message}`
  const message = `Nothing that is ready answers at ${address}.${why}`
  return new AppError('UNAVAILABLE', 'not_running', message, { cause })
}

import type { GrpcChannel } from './create-grpc-channel.js'
import type { ClientMethod } from './open-channel.js'

/** `SERVING` in grpc.health.v1.HealthCheckResponse. */
const SERVING = 'SERVING'

type HealthCheck = ClientMethod<{ service: string }, { status: string | number }>

/** The client of `grpc.health.v1.Health` on a shared channel; who made the channel closes it. */
export interface HealthClient {
  /** Whether the server as a whole is serving. Raises the AppError of the status. */
  isServing(): Promise<boolean>
}

export function createHealthClient(deps: {
  channel: GrpcChannel
  callTimeoutMs: number
}): HealthClient {
  return {
    async isServing() {
      const { service } = await import('grpc-health-check')
      const check = service['Check'] as unknown as HealthCheck
      const { status } = await deps.channel.call(() => check, { service: '' }, deps.callTimeoutMs)
      return status === SERVING
    },
  }
}

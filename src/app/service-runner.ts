import type { ListenAddress } from '../errors/listen-error.js'
import type { Core } from './create-core.js'
import type { Config } from '../config/schema.js'

/** A service that listens. */
export interface RunningService {
  readonly address: ListenAddress
  /** Refuses new work, lets what is under way finish, cuts the rest at the deadline. */
  close(deadlineMs: number): Promise<void>
}

/** What `app up` tells the services about one another. */
export interface Siblings {
  /** The address of the gRPC service in this process, once it listens. */
  readonly grpc?: ListenAddress
}

/** One of the three services, ready to be started on the shared core of its process. */
export interface ServiceRunner {
  readonly name: 'http' | 'socket' | 'grpc'
  start(
    core: Core,
    config: Config,
    environment: string,
    siblings: Siblings,
  ): Promise<RunningService>
}

import type { ServiceDefinition } from '@grpc/grpc-js'
import { AppError } from '../errors/app-error.js'

/**
 * Who may call a method: `public` is anybody who reaches the port, `service` a sibling service that shows
 * the server's API key.
 */
export type Requirement = 'public' | 'service'

/** Method path → who may call it. A method that is not in the table cannot be served. */
export const REQUIREMENTS: ReadonlyMap<string, Requirement> = new Map<string, Requirement>([
  ['/hello.HelloService/SayHello', 'public'],
  ['/grpc.health.v1.Health/Check', 'public'],
  ['/grpc.health.v1.Health/List', 'public'],
  ['/grpc.health.v1.Health/Watch', 'public'],
  ['/gatehouse.v1.SessionService/Verify', 'service'],
])

/**
 * Raises FAILED_PRECONDITION, reason `requirement_missing`, naming every method of the services that is not
 * in the table: a method that somebody forgot to guard must stop the start, not wait for its first caller.
 */
export function assertRequirements(
  services: readonly ServiceDefinition[],
  requirements: ReadonlyMap<string, Requirement>,
): void {
  const missing = services
    .flatMap((service) => Object.values(service).map((method) => method.path))
    .filter((path) => !requirements.has(path))
  if (missing.length === 0) return
  throw new AppError(
    'FAILED_PRECONDITION',
    'requirement_missing',
    `Nobody has said who may call: ${missing.join(', ')}.`,
  )
}

import type { ServiceDefinition } from '@grpc/grpc-js'
import { AppError } from '../errors/app-error.js'

/**
 * Who may call a method: `public` is anybody who reaches the port; `service` a sibling service, which shows a
 * client certificate or the server's API key; `service-or-user` also a user with a live session;
 * `service-or-admin` also an administrator with one.
 */
export type Requirement = 'public' | 'service' | 'service-or-user' | 'service-or-admin'

const SESSION_SERVICE = '/gatehouse.v1.SessionService'
const REALTIME_SERVICE = '/gatehouse.v1.RealtimeService'

/** Method path → who may call it. A method that is not in the table cannot be served. */
export const REQUIREMENTS: ReadonlyMap<string, Requirement> = new Map<string, Requirement>([
  ['/hello.HelloService/SayHello', 'public'],
  ['/grpc.health.v1.Health/Check', 'public'],
  ['/grpc.health.v1.Health/List', 'public'],
  ['/grpc.health.v1.Health/Watch', 'public'],
  ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', 'public'],
  ['/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', 'public'],
  [`${SESSION_SERVICE}/Verify`, 'service'],
  [`${SESSION_SERVICE}/VerifyBatch`, 'service'],
  [`${SESSION_SERVICE}/End`, 'service-or-user'],
  [`${SESSION_SERVICE}/WatchRevocations`, 'service-or-admin'],
  [`${REALTIME_SERVICE}/Publish`, 'service'],
  [`${REALTIME_SERVICE}/Broadcast`, 'service'],
  [`${REALTIME_SERVICE}/Presence`, 'service'],
  [`${REALTIME_SERVICE}/History`, 'service'],
  [`${REALTIME_SERVICE}/Disconnect`, 'service'],
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

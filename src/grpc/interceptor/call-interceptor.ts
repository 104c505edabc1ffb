import type { ServerInterceptor } from '@grpc/grpc-js'
import type { StreamGate } from '../stream-gate.js'
import type { GuardDeps } from './guarded-call.js'
import { StreamCall } from './stream-call.js'
import { UnaryCall, type UnaryRoute } from './unary-call.js'

export interface CallInterceptorDeps extends GuardDeps {
  /** Counts the streams of a peer. */
  readonly streams: StreamGate
  /** Method path → how the unary methods are answered; the others are left to grpc-js. */
  readonly unaryRoutes: ReadonlyMap<string, UnaryRoute>
}

/**
 * Stands before every registered method: lets calls in or refuses them by their metadata alone, gives each
 * its request id, and reports its end exactly once. Unary calls are answered here.
 */
export function createCallInterceptor(deps: CallInterceptorDeps): ServerInterceptor {
  return (method, call) => {
    const route = deps.unaryRoutes.get(method.path)
    return route
      ? new UnaryCall(method.path, call, deps, route)
      : new StreamCall(method.path, call, deps)
  }
}

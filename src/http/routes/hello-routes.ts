import type { HelloClient } from '../../domain/hello.js'
import type { SessionService } from '../../service/session-service.js'
import type { TypedServer } from '../fastify-types.js'
import { principalOf } from '../plugins/authentication.js'
import { GRPC_HELLO_SCHEMA, HELLO_SCHEMA, HOME_SCHEMA } from '../schemas/hello-schema.js'
import { toUserJson } from '../schemas/user-schema.js'

export interface HelloRoutesDeps {
  readonly hello: HelloClient
  readonly environment: string
}

/** Greetings for everybody: for a public scope. */
export function registerHelloRoutes(scope: TypedServer, deps: HelloRoutesDeps): void {
  scope.get('/hello', { schema: HELLO_SCHEMA, config: { operation: 'hello' } }, () => ({
    hello: 'world',
    env: deps.environment,
  }))
  scope.get(
    '/grpc/hello',
    { schema: GRPC_HELLO_SCHEMA, config: { operation: 'grpcHello' } },
    async (request) => deps.hello.sayHello(request.query.id),
  )
}

/** The greeting for who is signed in: for a guarded scope. */
export function registerHomeRoute(scope: TypedServer, sessions: SessionService): void {
  scope.get('/home', { schema: HOME_SCHEMA, config: { operation: 'home' } }, async (request) => {
    const { user } = await sessions.current(principalOf(request))
    return { text: 'welcome index page', user: toUserJson(user) }
  })
}

import type { Config } from '../config/schema.js'
import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'
import { formatAddress } from '../errors/listen-error.js'
import { createHelloClient } from '../grpc/create-hello-client.js'
import { createSessionClient, type TokenVerdict } from '../grpc/create-session-client.js'
import { isLoopback } from '../util/loopback.js'
import { openGrpcChannel, usesTls } from './open-grpc-channel.js'
import { systemClock } from './system-clock.js'

/** Calls to a gRPC service, from a terminal. Each raises the AppError of the status. */
export interface CallApp {
  hello(id: number): Promise<{ readonly id: number; readonly name: string }>
  /** Raises FAILED_PRECONDITION (`line_not_safe`) where the API key would cross a network in the clear. */
  verify(accessToken: string): Promise<TokenVerdict>
  close(): Promise<void>
}

/** Who calls from a terminal reads the answer, not a log. */
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Calls the service that the bridge of this configuration calls. Opens nothing before a call. */
export function createCallApp({ config }: { readonly config: Config }): CallApp {
  const { grpc, http, api } = config
  const target = http.grpcAddress === '' ? formatAddress(grpc) : http.grpcAddress
  const channel = openGrpcChannel(config, target, { clock: systemClock, logger: SILENT })
  const { callTimeoutMs } = grpc
  const hello = createHelloClient({ channel, callTimeoutMs })
  const session = createSessionClient({
    ...{ channel, callTimeoutMs },
    apiKey: api.key === '' ? null : api.key,
  })
  return {
    hello: (id) => hello.sayHello(id),
    async verify(accessToken) {
      if (!usesTls(grpc) && !isLoopback(target.slice(0, target.lastIndexOf(':')))) {
        const message =
          `${target} would be called without TLS, and the API key could be read on the way; ` +
          'set APP_GRPC_CLIENT_CA_FILE.'
        throw new AppError('FAILED_PRECONDITION', 'line_not_safe', message)
      }
      return session.verify(accessToken)
    },
    close: () => channel.close(),
  }
}

import {
  type CallOptions,
  Client,
  connectivityState,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
} from '@grpc/grpc-js'
import { fromServiceError } from './client-status.js'
import { loadProtos, type Protos } from './proto.js'

export interface ChannelOptions {
  /** `host:port` of the service. */
  readonly address: string
  /** Largest message, in and out. */
  readonly messageBytesMax: number
  /** While calls are open the connection is pinged after so long, and given up without an answer. */
  readonly keepaliveIntervalMs: number
  readonly keepaliveTimeoutMs: number
}

/** What a client needs of a unary method; every method definition has it. */
export interface ClientMethod<Request, Response> {
  readonly path: string
  readonly requestSerialize: (request: Request) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => Response
}

/** Chooses a unary method out of the protos. */
export type MethodOf<Request, Response> = (protos: Protos) => ClientMethod<Request, Response>

export interface OpenChannel {
  /** Raises the AppError of the status. Connects when there is no connection. */
  call<Request, Response>(
    method: MethodOf<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<Response>
  close(): void
}

/** After a failed attempt to connect the next comes soon: the other process may just be restarting. */
const RECONNECT_MS_MIN = 100
const RECONNECT_MS_MAX = 2_000

/** A channel of grpc-js. Nothing is connected before the first call. */
export function openChannel(options: ChannelOptions): OpenChannel {
  setLogVerbosity(logVerbosity.NONE)
  const client = new Client(options.address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': options.messageBytesMax,
    'grpc.max_send_message_length': options.messageBytesMax,
    'grpc.keepalive_time_ms': options.keepaliveIntervalMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
    'grpc.initial_reconnect_backoff_ms': RECONNECT_MS_MIN,
    'grpc.max_reconnect_backoff_ms': RECONNECT_MS_MAX,
    // A sibling is called directly: no proxy of the environment, no service config out of DNS.
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
  })
  const isConnected = (): boolean =>
    client.getChannel().getConnectivityState(false) === connectivityState.READY
  return {
    call(select, request, timeoutMs) {
      const method = select(loadProtos())
      const call: CallOptions = { deadline: Date.now() + timeoutMs }
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          new Metadata(),
          call,
          (error, response) => {
            if (error) reject(fromServiceError(error, isConnected()))
            else resolve(response as NonNullable<typeof response>)
          },
        )
      })
    },
    close() {
      client.close()
    },
  }
}

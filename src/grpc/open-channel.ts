import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  connectivityState,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
} from '@grpc/grpc-js'
import { fromServiceError } from './client-status.js'
import { loadProtos, type Protos } from './proto.js'
import type { TlsMaterial } from './tls/tls-source.js'

export interface ChannelOptions {
  /** `host:port` of the service. */
  readonly address: string
  /** Largest message, in and out. */
  readonly messageBytesMax: number
  /** While calls are open the connection is pinged after so long, and given up without an answer. */
  readonly keepaliveIntervalMs: number
  readonly keepaliveTimeoutMs: number
  /** Without it the line is plain. */
  readonly tls: {
    readonly material: TlsMaterial
    /** Name in the server's certificate, when it is not the host of the address. */
    readonly serverName: string | null
  } | null
}

/** Entries of metadata that go with a call. */
export type CallEntries = Readonly<Record<string, string>>

/** What a client needs of a unary method; every method definition has it. */
export interface ClientMethod<Request, Response> {
  readonly path: string
  readonly requestSerialize: (request: Request) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => Response
}

/** Chooses a unary method out of the protos. */
export type MethodOf<Request, Response> = (protos: Protos) => ClientMethod<Request, Response>

export interface OpenChannel {
  /**
   * Raises the AppError of the status. Connects when there is no connection, and tries again a few times within
   * the deadline when the service cannot be reached.
   */
  call<Request, Response>(
    method: MethodOf<Request, Response>,
    request: Request,
    timeoutMs: number,
    entries: CallEntries,
  ): Promise<Response>
  close(): void
}

/** After a failed attempt to connect the next comes soon: the other process may just be restarting. */
const RECONNECT_MS_MIN = 100
const RECONNECT_MS_MAX = 2_000

/** Methods that change nothing, so that trying them again is safe, and how (gRFC A6). */
const SERVICE_CONFIG = JSON.stringify({
  methodConfig: [
    {
      name: [
        { service: 'hello.HelloService' },
        { service: 'gatehouse.v1.SessionService', method: 'Verify' },
        { service: 'gatehouse.v1.SessionService', method: 'VerifyBatch' },
      ],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: '0.1s',
        maxBackoff: '1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
})

/** A channel of grpc-js. Nothing is connected before the first call. */
export function openChannel(options: ChannelOptions): OpenChannel {
  setLogVerbosity(logVerbosity.NONE)
  const client = new Client(options.address, credentialsOf(options), {
    'grpc.max_receive_message_length': options.messageBytesMax,
    'grpc.max_send_message_length': options.messageBytesMax,
    'grpc.keepalive_time_ms': options.keepaliveIntervalMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
    'grpc.initial_reconnect_backoff_ms': RECONNECT_MS_MIN,
    'grpc.max_reconnect_backoff_ms': RECONNECT_MS_MAX,
    // A sibling is called directly: no proxy of the environment, no service config out of DNS.
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.service_config': SERVICE_CONFIG,
    ...(options.tls ? { 'grpc.ssl_target_name_override': indicatedName(options) } : {}),
  })
  const isConnected = (): boolean =>
    client.getChannel().getConnectivityState(false) === connectivityState.READY
  return {
    call(select, request, timeoutMs, entries) {
      const method = select(loadProtos())
      const call: CallOptions = { deadline: Date.now() + timeoutMs }
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          metadataOf(entries),
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

function credentialsOf({ address, tls }: ChannelOptions): ChannelCredentials {
  if (tls === null) return credentials.createInsecure()
  const { ca, key, cert } = tls.material
  const expected = tls.serverName ?? hostOf(address)
  return credentials.createSsl(ca, key, cert, {
    checkServerIdentity: (_host, certificate) => checkServerIdentity(expected, certificate),
  })
}

/** The name that the handshake shows; never an address (RFC 6066 §3), which is checked all the same. */
function indicatedName({ address, tls }: ChannelOptions): string {
  const expected = tls?.serverName ?? hostOf(address)
  return isIP(expected) === 0 ? expected : 'localhost'
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
}

function metadataOf(entries: CallEntries): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value)
  return metadata
}

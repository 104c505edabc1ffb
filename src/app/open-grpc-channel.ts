import type { Config } from '../config/schema.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import { createGrpcChannel, type GrpcChannel } from '../grpc/create-grpc-channel.js'

/** Whether this configuration calls gRPC services over TLS. */
export function usesTls({ tls, client }: Config['grpc']): boolean {
  return client.caFile !== '' || tls.certFile !== ''
}

/** The channel with which this house calls a gRPC service at `host:port`; nothing is opened before a call. */
export function openGrpcChannel(
  { grpc }: Config,
  address: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): GrpcChannel {
  const { caFile, certFile, keyFile, serverName } = grpc.client
  const orNull = (text: string): string | null => (text === '' ? null : text)
  const tls = {
    files: { caFile: orNull(caFile), certFile: orNull(certFile), keyFile: orNull(keyFile) },
    serverName: orNull(serverName),
    ...{ clock, logger },
  }
  return createGrpcChannel({
    address,
    messageBytesMax: grpc.messageBytesMax,
    ...(usesTls(grpc) ? { tls } : {}),
  })
}

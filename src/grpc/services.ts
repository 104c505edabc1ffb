import { sep } from 'node:path'
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import { protoPath as HEALTH_PROTO_PATH, service as healthDefinition } from 'grpc-health-check'
import type { HelloService } from '../service/hello-service.js'
import type { AuthenticationService } from '../service/authentication-service.js'
import type { RealtimeService } from '../service/realtime-service.js'
import type { RevocationFeed } from '../service/revocation-feed.js'
import type { SessionTerminator } from '../service/session-terminator.js'
import { createSayHelloHandler } from './handler/hello-handler.js'
import { createRealtimeHandlers } from './handler/realtime-handler.js'
import { createReflectionHandler } from './handler/reflection-handler.js'
import { createWatchRevocationsHandler } from './handler/revocation-handler.js'
import {
  createEndHandler,
  createVerifyBatchHandler,
  createVerifyHandler,
} from './handler/session-handler.js'
import type { Health } from './health.js'
import { loadProtos, loadReflectionProtos, PROTO_FOLDER } from './proto.js'
import { createDescriptorIndex } from './reflection/descriptor-index.js'
import { duplex, serverStream, type StreamOptions } from './stream.js'
import { unary, type UnaryMethod } from './unary.js'

/** The use cases behind the methods. */
export interface GrpcServices {
  readonly authentication: AuthenticationService
  readonly sessionTerminator: SessionTerminator
  readonly revocations: RevocationFeed
  readonly hello: HelloService
  /** Without it `gatehouse.v1.RealtimeService` is not offered. */
  readonly realtime?: RealtimeService
}

/** A service as it is added to a server. */
export interface Registration {
  readonly definition: ServiceDefinition
  /** The methods with one answer, by name. */
  readonly unary: Readonly<Record<string, UnaryMethod>>
  /** The others. */
  readonly streams: UntypedServiceImplementation
}

export interface RegistrationOptions {
  readonly unary: { readonly timeoutMs: number }
  readonly stream: StreamOptions
}

const HEALTH_PROTO = 'health/v1/health.proto'

/** The health service alone. */
export function healthRegistration(health: Health): Registration {
  return { definition: healthDefinition, ...health.methods }
}

/** Every service of the house, without health and reflection. */
export function houseRegistrations(
  services: GrpcServices,
  options: RegistrationOptions,
): Registration[] {
  const protos = loadProtos()
  return [
    {
      definition: protos.hello,
      unary: { SayHello: unary(createSayHelloHandler(services), options.unary) },
      streams: {},
    },
    {
      definition: protos.session,
      unary: {
        Verify: unary(createVerifyHandler(services), options.unary),
        VerifyBatch: unary(createVerifyBatchHandler(services), options.unary),
        End: unary(createEndHandler(services), options.unary),
      },
      streams: {
        WatchRevocations: serverStream(createWatchRevocationsHandler(services), options.stream),
      },
    },
    ...(services.realtime ? [realtimeRegistration(services.realtime, options)] : []),
  ]
}

function realtimeRegistration(
  realtime: RealtimeService,
  options: RegistrationOptions,
): Registration {
  const handlers = createRealtimeHandlers({ realtime })
  return {
    definition: loadProtos().realtime,
    unary: {
      Publish: unary(handlers.publish, options.unary),
      Broadcast: unary(handlers.broadcast, options.unary),
      Presence: unary(handlers.presence, options.unary),
      History: unary(handlers.history, options.unary),
      Disconnect: unary(handlers.disconnect, options.unary),
    },
    streams: {},
  }
}

/** Reflection in both versions, over the services that are offered and itself. */
export function reflectionRegistrations(
  isRealtimeOffered: boolean,
  options: RegistrationOptions,
): Registration[] {
  const descriptors = createDescriptorIndex([
    ...[
      'hello/hello.proto',
      'gatehouse/v1/session.proto',
      ...(isRealtimeOffered ? ['gatehouse/v1/realtime.proto'] : []),
      'grpc/reflection/v1/reflection.proto',
      'grpc/reflection/v1alpha/reflection.proto',
    ].map((name) => ({ name, folder: PROTO_FOLDER })),
    { name: HEALTH_PROTO, folder: folderOf(HEALTH_PROTO_PATH, HEALTH_PROTO) },
  ])
  const handler = createReflectionHandler({ descriptors })
  const methods = { unary: {}, streams: { ServerReflectionInfo: duplex(handler, options.stream) } }
  const { v1, v1alpha } = loadReflectionProtos()
  return [
    { definition: v1, ...methods },
    { definition: v1alpha, ...methods },
  ]
}

/** The folder against which a file has that name. */
function folderOf(path: string, name: string): string {
  return path.slice(0, -name.length - sep.length)
}

import { join } from 'node:path'
import { loadSync } from '@grpc/proto-loader'
import { PACKAGE_ROOT } from '../util/package-root.js'
import type { RealtimeServiceDefinition } from './generated/gatehouse/v1/RealtimeService.js'
import type { SessionServiceDefinition } from './generated/gatehouse/v1/SessionService.js'
import type { ServerReflectionDefinition } from './generated/grpc/reflection/v1/ServerReflection.js'
import type { HelloServiceDefinition } from './generated/hello/HelloService.js'

export const PROTO_FOLDER = join(PACKAGE_ROOT, 'protos')

/** The service definitions of `protos/`, with message types generated from the same files. */
export interface Protos {
  readonly hello: HelloServiceDefinition
  readonly session: SessionServiceDefinition
  readonly realtime: RealtimeServiceDefinition
}

/** The two versions of the reflection protocol; their messages are the same. */
export interface ReflectionProtos {
  readonly v1: ServerReflectionDefinition
  readonly v1alpha: ServerReflectionDefinition
}

// The options are those the types under generated/ were made with.
const OPTIONS = { includeDirs: [PROTO_FOLDER], longs: Number, defaults: true }

let loaded: Protos | undefined

/** Parses the proto files at the first call and answers with the same definitions ever after. */
export function loadProtos(): Protos {
  loaded ??= parse()
  return loaded
}

function parse(): Protos {
  const files = ['hello/hello.proto', 'gatehouse/v1/session.proto', 'gatehouse/v1/realtime.proto']
  const definitions = loadSync(files, OPTIONS)
  return {
    hello: definitions['hello.HelloService'] as unknown as HelloServiceDefinition,
    session: definitions['gatehouse.v1.SessionService'] as unknown as SessionServiceDefinition,
    realtime: definitions['gatehouse.v1.RealtimeService'] as unknown as RealtimeServiceDefinition,
  }
}

/** Parsed only where reflection is served. */
export function loadReflectionProtos(): ReflectionProtos {
  const versions = ['v1', 'v1alpha'].map((version) => {
    const definitions = loadSync(`grpc/reflection/${version}/reflection.proto`, OPTIONS)
    const name = `grpc.reflection.${version}.ServerReflection`
    return definitions[name] as unknown as ServerReflectionDefinition
  })
  const [v1, v1alpha] = versions as [ServerReflectionDefinition, ServerReflectionDefinition]
  return { v1, v1alpha }
}

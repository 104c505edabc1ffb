import { join } from 'node:path'
import { loadSync } from '@grpc/proto-loader'
import { PACKAGE_ROOT } from '../util/package-root.js'
import type { SessionServiceDefinition } from './generated/gatehouse/v1/SessionService.js'
import type { HelloServiceDefinition } from './generated/hello/HelloService.js'

/** The service definitions of `protos/`, with message types generated from the same files. */
export interface Protos {
  readonly hello: HelloServiceDefinition
  readonly session: SessionServiceDefinition
}

let loaded: Protos | undefined

/** Parses the proto files at the first call and answers with the same definitions ever after. */
export function loadProtos(): Protos {
  loaded ??= parse()
  return loaded
}

function parse(): Protos {
  // The options are those the types under generated/ were made with.
  const definitions = loadSync(['hello/hello.proto', 'gatehouse/v1/session.proto'], {
    includeDirs: [join(PACKAGE_ROOT, 'protos')],
    longs: Number,
    defaults: true,
  })
  return {
    hello: definitions['hello.HelloService'] as unknown as HelloServiceDefinition,
    session: definitions['gatehouse.v1.SessionService'] as unknown as SessionServiceDefinition,
  }
}

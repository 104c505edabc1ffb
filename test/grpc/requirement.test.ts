import type { ServiceDefinition } from '@grpc/grpc-js'
import { service as healthDefinition } from 'grpc-health-check'
import t from 'tap'
import { loadProtos, loadReflectionProtos } from '../../src/grpc/proto.js'
import { assertRequirements, REQUIREMENTS } from '../../src/grpc/requirement.js'

const { hello, session, realtime } = loadProtos()
const { v1, v1alpha } = loadReflectionProtos()
const served: ServiceDefinition[] = [hello, session, realtime, v1, v1alpha, healthDefinition]

await t.test('requirements list exactly the methods that are served', async (t) => {
  const paths = served.flatMap((service) => Object.values(service).map((method) => method.path))
  t.same([...REQUIREMENTS.keys()].sort(), paths.sort())
  t.doesNotThrow(() => {
    assertRequirements(served, REQUIREMENTS)
  })
})

await t.test('requirements open only hello, health and reflection to everybody', async (t) => {
  const withUsers: Readonly<Record<string, string>> = {
    '/gatehouse.v1.SessionService/End': 'service-or-user',
    '/gatehouse.v1.SessionService/WatchRevocations': 'service-or-admin',
  }
  for (const [path, requirement] of REQUIREMENTS) {
    const open = /^\/(hello|grpc\.health\.v1|grpc\.reflection\.v1(alpha)?)\./.test(path)
    t.equal(requirement, open ? 'public' : (withUsers[path] ?? 'service'), path)
  }
})

await t.test('requirements name every method that was forgotten', async (t) => {
  const known = new Map([['/hello.HelloService/SayHello', 'public' as const]])
  const { Verify, End } = session
  t.throws(
    () => {
      assertRequirements([hello, { Verify, End }], known)
    },
    {
      code: 'FAILED_PRECONDITION',
      reason: 'requirement_missing',
      message:
        'Nobody has said who may call: ' +
        '/gatehouse.v1.SessionService/Verify, /gatehouse.v1.SessionService/End.',
    },
  )
})

import type { ServiceDefinition } from '@grpc/grpc-js'
import { service as healthDefinition } from 'grpc-health-check'
import t from 'tap'
import { loadProtos } from '../../src/grpc/proto.js'
import { assertRequirements, REQUIREMENTS } from '../../src/grpc/requirement.js'

const served: ServiceDefinition[] = [loadProtos().hello, loadProtos().session, healthDefinition]

await t.test('requirements list exactly the methods that are served', async (t) => {
  const paths = served.flatMap((service) => Object.values(service).map((method) => method.path))
  t.same([...REQUIREMENTS.keys()].sort(), paths.sort())
  t.doesNotThrow(() => {
    assertRequirements(served, REQUIREMENTS)
  })
})

await t.test('requirements open only hello and health to everybody', async (t) => {
  for (const [path, requirement] of REQUIREMENTS) {
    const open = path.startsWith('/hello.') || path.startsWith('/grpc.health.v1.')
    t.equal(requirement, open ? 'public' : 'service', path)
  }
})

await t.test('requirements name every method that was forgotten', async (t) => {
  const known = new Map([['/hello.HelloService/SayHello', 'public' as const]])
  t.throws(
    () => {
      assertRequirements([loadProtos().hello, loadProtos().session], known)
    },
    {
      code: 'FAILED_PRECONDITION',
      reason: 'requirement_missing',
      message: 'Nobody has said who may call: /gatehouse.v1.SessionService/Verify.',
    },
  )
})

import type { Client, ServiceDefinition, ServiceError } from '@grpc/grpc-js'
import { service } from 'grpc-health-check'
import t from 'tap'
import type { GrpcServerDeps } from '../../src/grpc/create-grpc-server.js'
import { createHealth } from '../../src/grpc/health.js'
import { waitFor } from '../helpers/wait-for.js'
import {
  callRaw,
  connect,
  failureOf,
  readiness,
  SAY_HELLO,
  startServer,
  trailer,
} from './harness.js'

const definition = service as ServiceDefinition

interface HealthAnswer {
  readonly status?: string
  readonly statuses?: Readonly<Record<string, { status: string }>>
}

function call(client: Client, method: string, request: object): Promise<HealthAnswer> {
  const { path, requestSerialize, responseDeserialize } = methodOf(method)
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      { deadline: Date.now() + 20_000 },
      (error, answer) => {
        if (error) reject(error)
        else resolve(answer as HealthAnswer)
      },
    )
  })
}

function methodOf(name: string): ServiceDefinition[string] {
  const method = definition[name]
  if (!method) throw new Error(`no method ${name}`)
  return method
}

/** Watches one service; the statuses seen so far and how the stream ended. */
function watch(client: Client, name: string) {
  const { path, requestSerialize, responseDeserialize } = methodOf('Watch')
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
    service: name,
  })
  const seen: (string | undefined)[] = []
  const end: { error?: ServiceError } = {}
  stream.on('data', (answer: HealthAnswer) => seen.push(answer.status))
  stream.on('error', (error) => {
    end.error = error as ServiceError
  })
  return { seen, end, stream }
}

await t.test('health answers for the process and each service', async (t) => {
  const { address } = await startServer(t)
  const client = connect(t, address)
  for (const name of ['', 'hello.HelloService', 'gatehouse.v1.SessionService']) {
    t.same(await call(client, 'Check', { service: name }), { status: 'SERVING' }, name)
  }
  t.same(await call(client, 'List', {}), {
    statuses: {
      '': { status: 'SERVING' },
      'hello.HelloService': { status: 'SERVING' },
      'gatehouse.v1.SessionService': { status: 'SERVING' },
    },
  })
})

await t.test('health knows no other service', async (t) => {
  const { address } = await startServer(t)
  const client = connect(t, address)
  const error = await failureOf(call(client, 'Check', { service: 'gatehouse.v1.Other' }))
  t.match(error, { code: 5, details: 'There is no service of that name here.' })
  t.equal(trailer(error, 'reason'), 'service_unknown')
})

await t.test('health follows the readiness: process and stores', async (t) => {
  let up = false
  let storesUp = true
  const { address } = await startServer(t, {
    readiness: {
      isReady: () => up,
      check: async () => ({ ready: up && storesUp, parts: {} }),
    },
  })
  const client = connect(t, address)
  const statusOf = async (name: string) => (await call(client, 'Check', { service: name })).status
  t.equal(await statusOf(''), 'NOT_SERVING')
  t.equal(await statusOf('hello.HelloService'), 'NOT_SERVING')
  up = true
  t.equal(await statusOf(''), 'SERVING')
  storesUp = false
  t.equal(await statusOf(''), 'NOT_SERVING')
  t.equal(await statusOf('gatehouse.v1.SessionService'), 'NOT_SERVING')
  t.equal(await statusOf('hello.HelloService'), 'SERVING', 'greeting needs no store')
})

await t.test('health takes a readiness that rejects for a failing one', async (t) => {
  const { address } = await startServer(t, {
    readiness: { isReady: () => true, check: () => Promise.reject(new Error('broken')) },
  })
  const client = connect(t, address)
  t.same(await call(client, 'Check', { service: '' }), { status: 'NOT_SERVING' })
})

await t.test('health asks the stores once for many probes', async (t) => {
  let asked = 0
  let answer: () => void = () => undefined
  const slow: GrpcServerDeps['readiness'] = {
    isReady: () => true,
    check: () => {
      asked += 1
      return new Promise((resolve) => {
        answer = () => {
          resolve({ ready: true, parts: {} })
        }
      })
    },
  }
  const { address } = await startServer(t, { readiness: slow })
  const client = connect(t, address)
  const probes = [1, 2, 3].map(() => call(client, 'Check', { service: '' }))
  const last = call(client, 'Check', { service: 'gatehouse.v1.SessionService' })
  await waitFor('the question', () => asked === 1)
  // Calls of one connection arrive in order: when this one is answered, all probes are waiting.
  await failureOf(
    new Promise((_resolve, reject) => {
      client.makeUnaryRequest(
        '/none/None',
        (b: Buffer) => b,
        (b: Buffer) => b,
        Buffer.alloc(0),
        (error) => {
          reject(error ?? new Error('unexpected'))
        },
      )
    }),
  )
  answer()
  for (const probe of [...probes, last]) t.same(await probe, { status: 'SERVING' })
  t.equal(asked, 1)
})

await t.test('health tells a watcher every change, once', async (t) => {
  let up = true
  const { address } = await startServer(t, { readiness: readiness(() => up) }, { healthPollMs: 5 })
  const client = connect(t, address)
  const { seen, end, stream } = watch(client, '')
  const other = watch(client, 'no.Such')
  await waitFor('the first status', () => seen.length === 1 && other.seen.length === 1)
  up = false
  await waitFor('the second status', () => seen.length === 2)
  up = true
  await waitFor('the third status', () => seen.length === 3)
  t.strictSame(seen, ['SERVING', 'NOT_SERVING', 'SERVING'])
  t.strictSame(other.seen, ['SERVICE_UNKNOWN'])
  stream.cancel()
  other.stream.cancel()
  await waitFor('the end', () => end.error)
  t.equal(end.error?.code, 1)
})

await t.test('health stops asking when the last watcher has gone', async (t) => {
  let asked = 0
  const { address, logger } = await startServer(
    t,
    {
      readiness: {
        isReady: () => true,
        check: async () => {
          asked += 1
          return { ready: true, parts: {} }
        },
      },
    },
    { healthPollMs: 1 },
  )
  const client = connect(t, address)
  const { stream } = watch(client, '')
  await waitFor('some polls', () => asked > 3)
  stream.on('error', () => undefined)
  stream.cancel()
  await waitFor('the log line of the stream', () => logger.lines.length === 1)
  const before = asked
  // Far longer than the poll interval of 1 ms, and no call of it asks the readiness.
  for (let i = 0; i < 100; i += 1) await callRaw(client, SAY_HELLO, Buffer.from([8, 1]))
  t.ok(asked <= before + 1, 'at most the poll that was under way')
})

await t.test('health tells watchers and lets them go when the server closes', async (t) => {
  const { address, server } = await startServer(t)
  const { seen, end } = watch(connect(t, address), '')
  await waitFor('the first status', () => seen.length === 1)
  await server.close(20_000)
  await waitFor('the end', () => end.error)
  t.strictSame(seen, ['SERVING', 'NOT_SERVING'])
  t.match(end.error, { code: 14, details: 'This process is shutting down.' })
})

await t.test('health refuses a watch with a malformed request', async (t) => {
  const { address } = await startServer(t)
  const client = connect(t, address)
  const error = await new Promise<Error>((resolve) => {
    client
      .makeServerStreamRequest(
        methodOf('Watch').path,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.from([0xff]),
      )
      .on('error', resolve)
      .resume()
  })
  t.match(error, { code: 3 })
})

await t.test('health of a closed process serves nothing and takes no watcher', async (t) => {
  const health = createHealth(
    { readiness: readiness(() => true), services: new Map([['', 'process']]) },
    { pollMs: 1_000, timeoutMs: 1_000 },
  )
  health.close()
  t.doesNotThrow(() => {
    health.close()
  })
})

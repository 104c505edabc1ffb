import t from 'tap'
import { unauthenticated } from '../../../src/errors/app-error.js'
import { ANYBODY } from '../../../src/grpc/caller.js'
import { waitFor } from '../../helpers/wait-for.js'
import { callRaw, failureOf, SAY_HELLO, trailer } from '../harness.js'
import { serveGuarded } from './guarded-server.js'

const REQUEST = Buffer.from([8, 1])

await t.test('guarded call reports a call once and hands its record on', async (t) => {
  const ids: string[] = []
  const { finished, client } = await serveGuarded(t, {
    sayHello: (_request, call) => {
      ids.push(call.record.requestId)
      call.answer({ id: 1, name: 'n' })
    },
  })
  await callRaw(client, SAY_HELLO, REQUEST)
  // The second call has to wait for the first, and so for everything the first might report twice.
  await callRaw(client, SAY_HELLO, REQUEST)
  t.equal(finished.length, 2)
  t.match(finished[0], { path: SAY_HELLO, status: 0, received: true, peer: /^127\.0\.0\.1:\d+$/ })
  t.ok((finished[0]?.latencyMs ?? -1) >= 0)
  t.strictSame(
    finished.map((call) => call.record.requestId),
    ids,
  )
})

await t.test('guarded call refuses by the metadata before the handler is asked', async (t) => {
  let called = false
  const refusal = unauthenticated('api_key_invalid', 'No.')
  const { finished, client } = await serveGuarded(t, {
    sayHello: () => {
      called = true
    },
    admit: () => refusal,
  })
  const error = await failureOf(callRaw(client, SAY_HELLO, REQUEST))
  t.match(error, { code: 16, details: 'No.' })
  t.equal(trailer(error, 'reason'), 'api_key_invalid')
  t.equal(trailer(error, 'request-id'), finished[0]?.record.requestId)
  t.match(finished, [{ status: 16, received: false, record: { error: refusal } }])
  t.equal(called, false)
})

await t.test('guarded call reports a call that the peer cancels', async (t) => {
  let arrived = false
  const { finished, client } = await serveGuarded(t, {
    sayHello: () => {
      arrived = true
    },
  })
  const call = client.makeUnaryRequest(
    SAY_HELLO,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
    REQUEST,
    () => undefined,
  )
  await waitFor('the handler has the call', () => arrived)
  call.cancel()
  await waitFor('the report', () => finished.length === 1)
  t.match(finished, [{ status: 1, received: true }])
})

await t.test('guarded call reports a deadline that passed', async (t) => {
  const { finished, client } = await serveGuarded(t, {})
  // The connection is made first: the deadline is to pass while the call is here, not on its way.
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 20_000, (error) => {
      if (error) reject(error)
      else resolve()
    })
  })
  await new Promise<void>((resolve) => {
    client.makeUnaryRequest(
      SAY_HELLO,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      REQUEST,
      { deadline: Date.now() + 1_000 },
      (error) => {
        t.equal(error?.code, 4)
        resolve()
      },
    )
  })
  await waitFor('the report', () => finished.length === 1)
  t.equal(finished[0]?.received, true)
  t.ok([1, 4].includes(finished[0]?.status ?? -1), 'whichever side was first')
})

await t.test('guarded call waits for the door and hands on who calls', async (t) => {
  let caller: unknown
  const service = { kind: 'service', name: 'billing' } as const
  const { finished, client } = await serveGuarded(t, {
    sayHello: (_request, call) => {
      caller = call.record.caller
      call.answer({ id: 1, name: 'n' })
    },
    admit: async (path, _metadata, peer) => {
      t.equal(path, SAY_HELLO)
      t.match(peer, /^127\.0\.0\.1:\d+$/)
      await new Promise((resolve) => setImmediate(resolve))
      return service
    },
  })
  await callRaw(client, SAY_HELLO, REQUEST)
  t.equal(caller, service)
  t.match(finished, [{ status: 0, record: { caller: service } }])
})

await t.test('guarded call forgets a call that left while the door was asked', async (t) => {
  const doors: (() => void)[] = []
  let called = false
  const { finished, client } = await serveGuarded(t, {
    sayHello: () => {
      called = true
    },
    admit: () => new Promise((resolve) => doors.push(() => resolve(ANYBODY))),
  })
  const call = client.makeUnaryRequest(
    SAY_HELLO,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
    REQUEST,
    () => undefined,
  )
  await waitFor('the door is asked', () => doors.length === 1)
  call.cancel()
  await waitFor('the report', () => finished.length === 1)
  for (const open of doors) open()
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(called, false)
  t.match(finished, [{ status: 1 }])
})

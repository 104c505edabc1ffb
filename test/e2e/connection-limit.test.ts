/** The connections of one user are limited over processes and transports, exactly, whoever comes at the same time. */
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { type AppProcess, startApp } from '../helpers/app-process.js'
import { registerAndLogin } from '../helpers/http-client.js'
import { startRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { waitFor } from '../helpers/wait-for.js'
import { openStream } from '../socket/stream/stream-client.js'

const FILE_TIMEOUT_MS = 120_000
const PLACES = 5
const RACERS = 20

t.setTimeout(FILE_TIMEOUT_MS)

/** One client that asks for a place when told to, over one of the transports. */
interface Racer {
  go(): void
  /** `connected`, or the code and reason of its refusal; null while it is neither. */
  outcome(): string | null
  leave(): void
}

interface Push {
  readonly connect?: object
  readonly push?: { readonly disconnect?: { readonly code: number; readonly reason: string } }
}

async function openSocketRacer(t: Test, socket: AppProcess, token: string): Promise<Racer> {
  const line = new WebSocket(`ws://${socket.address('socket')}/connection/websocket`)
  t.teardown(() => line.terminate())
  let outcome: string | null = null
  line.on('message', (data: Buffer) => {
    if (data.toString().includes('"connect"')) outcome = 'connected'
  })
  line.on('close', (code, reason) => (outcome = `${code} ${reason.toString()}`))
  await once(line, 'open')
  return {
    go: () => line.send(JSON.stringify({ id: 1, connect: { token } })),
    outcome: () => outcome,
    leave: () => line.close(),
  }
}

function openStreamRacer(t: Test, socket: AppProcess, token: string): Racer {
  const port = Number(socket.address('socket').split(':')[1])
  let stream: Awaited<ReturnType<typeof openStream>> | undefined
  return {
    go() {
      void openStream(t, port, 'lines', JSON.stringify({ id: 1, connect: { token } })).then(
        (opened) => (stream = opened),
      )
    },
    outcome() {
      const lines = (stream?.lines() ?? []) as Push[]
      const end = lines.find(({ push }) => push?.disconnect !== undefined)?.push?.disconnect
      if (end) return `${end.code} ${end.reason}`
      return lines.some(({ connect }) => connect !== undefined) ? 'connected' : null
    },
    leave: () => stream?.destroy(),
  }
}

async function proveLimit(t: Test, env: Readonly<Record<string, string>>): Promise<void> {
  const options = {
    dataDir: t.testdir(),
    env: { APP_SOCKET_CONNECTIONS_PER_USER_MAX: String(PLACES), ...env },
  }
  const http = await startApp(t, 'http', options)
  const sockets = await Promise.all([
    startApp(t, 'socket', options),
    startApp(t, 'socket', options),
  ])
  const { accessToken } = await registerAndLogin(`http://${http.address('http')}`, 'racer')

  async function race(): Promise<Racer[]> {
    const racers = await Promise.all(
      Array.from({ length: RACERS }, async (_, index) => {
        const socket = sockets[index % 2] as AppProcess
        const isStream = index % 4 >= 2
        return isStream
          ? openStreamRacer(t, socket, accessToken)
          : openSocketRacer(t, socket, accessToken)
      }),
    )
    for (const racer of racers) racer.go()
    await waitFor('every outcome', () => racers.every((racer) => racer.outcome() !== null), 20_000)
    const refused = racers.filter((racer) => racer.outcome() !== 'connected')
    t.strictSame(
      refused.map((racer) => racer.outcome()),
      Array.from({ length: RACERS - PLACES }, () => '3504 connection limit'),
    )
    return racers.filter((racer) => racer.outcome() === 'connected')
  }

  const first = await race()
  t.equal(first.length, PLACES)
  for (const racer of first) racer.leave()
  const late = await openSocketRacer(t, sockets[0], accessToken)
  await waitFor('a place that is given back', async () => {
    const next = await openSocketRacer(t, sockets[1], accessToken)
    next.go()
    await waitFor('its outcome', () => next.outcome() !== null)
    next.leave()
    return next.outcome() === 'connected'
  })
  late.go()
  await waitFor('its outcome', () => late.outcome() !== null)
  t.equal(late.outcome(), 'connected')
}

await t.test('on one SQLite file', (t) => proveLimit(t, {}))

await t.test('on Redis', { skip: skipUnless('redis') }, async (t) => {
  const redis = await startRedis(t)
  await proveLimit(t, { APP_REDIS_URL: redis.url })
})

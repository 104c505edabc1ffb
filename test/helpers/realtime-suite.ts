import type { Test } from 'tap'
import { API_KEY, type AppProcess, startApp } from './app-process.js'
import { type ChannelClient, joinChannel } from './channel-client.js'
import { openGrpcClient } from './grpc-client.js'
import { call, login, registerAndLogin } from './http-client.js'
import { startTcpProxy } from './server/tcp-proxy.js'
import { waitFor } from './wait-for.js'

/** How long the entries of a process that died may be seen. */
const SWEPT_MS = 15_000
const CHANNEL = 'room:a'

/** The Redis between the processes; only theirs, since it is killed. */
export interface RealtimeLine {
  readonly urls: readonly string[]
  /** Ends every server with SIGKILL and starts it again where it was. */
  restart(): Promise<void>
}

interface House {
  readonly http: string
  readonly sockets: readonly [AppProcess, AppProcess]
  readonly grpc: ReturnType<typeof openGrpcClient>
  /** One operation of the server API, at a socket process. */
  api(socket: AppProcess, operation: string, json: unknown): Promise<Record<string, unknown>>
}

async function startHouse(t: Test, { urls }: RealtimeLine): Promise<House> {
  const dataDir = t.testdir()
  const env = {
    APP_REDIS_URL: urls.join(','),
    APP_SESSION_POLICY: 'unlimited',
    APP_REALTIME_NAMESPACES_ROOM_HISTORY_SIZE: '1000',
    APP_REALTIME_NAMESPACES_ROOM_RECOVERY: 'true',
    APP_REALTIME_NAMESPACES_ROOM_PRESENCE: 'true',
    APP_REALTIME_NAMESPACES_ROOM_JOIN_LEAVE: 'true',
    APP_REALTIME_NAMESPACES_ROOM_PUBLISH: 'subscriber',
  }
  // The first one makes the keys and the schema.
  const http = await startApp(t, 'http', { dataDir, env })
  const [one, two, grpc] = await Promise.all([
    startApp(t, 'socket', { dataDir, env }),
    startApp(t, 'socket', { dataDir, env }),
    startApp(t, 'grpc', { dataDir, env }),
  ])
  return {
    http: `http://${http.address('http')}`,
    sockets: [one, two],
    grpc: openGrpcClient(t, grpc.address('grpc'), 'realtime'),
    async api(socket, operation, json) {
      const answer = await call('POST', `http://${socket.address('socket')}/api/${operation}`, {
        headers: { 'x-api-key': API_KEY },
        json,
      })
      if (!('result' in answer.body)) throw new Error(`${operation}: ${answer.text}`)
      return answer.body['result'] as Record<string, unknown>
    },
  }
}

function numbersTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

async function publishFromEverywhere(t: Test, house: House, clients: readonly ChannelClient[]) {
  const [one, two] = house.sockets
  await house.api(one, 'publish', { channel: CHANNEL, data: 1 })
  const answer = await house.grpc('Publish', {
    ...{ channel: CHANNEL, data: '2', receipt: 'RECEIPT_WRITTEN' },
  })
  t.match(answer, {
    position: { offset: '2' },
    duplicate: false,
    receipt: { written: clients.length, dropped: 0, processes: { missing: [] } },
  })
  await clients[0]?.sub.publish(3)
  await house.api(two, 'broadcast', { channels: [CHANNEL], data: 4 })
  for (const { data } of clients) {
    await waitFor('all four', () => data.length === 4)
    t.strictSame(data, numbersTo(4))
  }
  t.match(await house.grpc('History', { channel: CHANNEL, limit: 2, reverse: true }), {
    publications: [
      { offset: '4', data: '4' },
      { offset: '3', data: '3' },
    ],
  })
}

async function seePresence(t: Test, house: House, clients: readonly ChannelClient[]) {
  const ids = clients.map((client) => client.connectionId()).sort()
  for (const { sub } of clients) {
    t.strictSame(Object.keys((await sub.presence()).clients).sort(), ids)
  }
  const { clients: listed } = await house.grpc('Presence', { channel: CHANNEL })
  t.strictSame((listed as { connection_id: string }[]).map((one) => one.connection_id).sort(), ids)
}

/** Clients of a process that dies come back at the other one, with everything in between. */
async function killOne(t: Test, house: House, token: string, lines: [string, string]) {
  const [one, two] = house.sockets
  const watcher = await joinChannel(t, lines[1], { token }, 'room:killed')
  const proxy = await startTcpProxy({ target: targetOf(lines[0]) })
  t.teardown(() => proxy.close())
  const moving = await Promise.all(
    numbersTo(5).map(() => joinChannel(t, `127.0.0.1:${proxy.port}`, { token }, 'room:killed')),
  )
  const gone = moving.map((client) => `-${client.connectionId()}`).sort()
  const publish = (data: number) => house.api(two, 'publish', { channel: 'room:killed', data })
  await publish(1)
  await Promise.all(moving.map(({ data }) => waitFor('the first', () => data.length === 1)))
  await one.stop('SIGKILL')
  const killedAt = performance.now()
  for (const data of [2, 3]) await publish(data)
  proxy.retarget(targetOf(lines[1]))
  for (const data of [4, 5]) await publish(data)
  for (const { data, events } of [...moving, watcher]) {
    await waitFor('all five', () => data.length === 5)
    t.strictSame(data, numbersTo(5), 'no gap, no duplicate')
    t.notOk(events.includes('recovered false'))
  }
  const left = () => watcher.moves.filter((move) => gone.includes(move))
  await waitFor('the leaves', () => left().length >= gone.length, SWEPT_MS)
  t.comment(`swept ${(performance.now() - killedAt).toFixed(0)} ms after the kill`)
  await seePresenceOf(t, [watcher, ...moving])
  t.strictSame(left().sort(), gone, 'each is told once')
}

async function seePresenceOf(t: Test, clients: readonly ChannelClient[]) {
  const ids = clients.map((client) => client.connectionId()).sort()
  const seen = await clients[0]?.sub.presence()
  t.strictSame(Object.keys(seen?.clients ?? {}).sort(), ids)
}

function targetOf(address: string): { host: string; port: number } {
  const [host = '', port = ''] = address.split(':')
  return { host, port: Number(port) }
}

/** Whatever was acknowledged while Redis died and came back is with everybody, once and in order. */
async function killRedis(t: Test, house: House, token: string, line: RealtimeLine) {
  const channel = 'room:redis'
  const clients = await Promise.all(
    house.sockets.map((socket) => joinChannel(t, socket.address('socket'), { token }, channel)),
  )
  const acknowledged: number[] = []
  let isOver = false
  async function publishAlways(): Promise<void> {
    for (let data = 1; !isOver; data += 1) {
      const answer = await house
        .grpc('Publish', { channel, data: String(data) })
        .catch((error: unknown) => error)
      if (!(answer instanceof Error)) acknowledged.push(data)
    }
  }
  const publishing = publishAlways()
  try {
    await waitFor('a steady stream', () => acknowledged.length >= 50)
    const killedAt = performance.now()
    await line.restart()
    t.comment(`Redis is back after ${(performance.now() - killedAt).toFixed(0)} ms`)
    const before = acknowledged.length
    await waitFor('a stream again', () => acknowledged.length >= before + 50, 30_000)
  } finally {
    isOver = true
    await publishing
  }
  const last = acknowledged.at(-1) ?? 0
  for (const { data } of clients) {
    await waitFor('the last', () => data.includes(last), 30_000)
    const got = data as number[]
    t.strictSame(
      got.filter((value, index) => index > 0 && value <= (got[index - 1] ?? 0)),
      [],
      'in order, none twice',
    )
    const seen = new Set(got)
    t.strictSame(
      acknowledged.filter((value) => !seen.has(value)),
      [],
      'none is missing',
    )
  }
  t.comment(`${acknowledged.length} acknowledged, ${last - acknowledged.length} refused`)
}

async function endSession(t: Test, house: House, username: string) {
  const session = await login(house.http, username)
  const other = await login(house.http, username)
  const clients = await Promise.all(
    house.sockets.map((socket) =>
      joinChannel(t, socket.address('socket'), { token: session.accessToken }),
    ),
  )
  const ended = await call('DELETE', `${house.http}/sessions/${session.sessionId}`, {
    token: other.accessToken,
  })
  t.match(ended, { status: 200, body: { connectionsClosed: 2 } })
  for (const { events } of clients) {
    await waitFor('the end', () => events.some((event) => event.startsWith('disconnected')))
    t.strictSame(events, ['connected', 'message ended_by_user', 'disconnected 4500 ended_by_user'])
  }
}

/**
 * Live messages over several processes of the built binary: two socket processes, one for HTTP and one for gRPC, and
 * the published client library on both sockets.
 */
export async function proveRealtime(t: Test, line: RealtimeLine): Promise<void> {
  const house = await startHouse(t, line)
  const ada = await registerAndLogin(house.http, 'ada')
  const bob = await registerAndLogin(house.http, 'bob')
  const [one, two] = house.sockets.map((socket) => socket.address('socket'))
  const lines: [string, string] = [one ?? '', two ?? '']
  const clients = [
    await joinChannel(t, lines[0], { token: ada.accessToken }),
    await joinChannel(t, lines[1], { token: bob.accessToken }),
  ]
  await t.test('published anywhere, heard everywhere, in one order', (t) =>
    publishFromEverywhere(t, house, clients),
  )
  await t.test('presence is that of all processes', (t) => seePresence(t, house, clients))
  await t.test('a session that ends is closed in both processes, for good', (t) =>
    endSession(t, house, 'ada'),
  )
  await t.test('Redis dies and comes back: nothing is silently missed', (t) =>
    killRedis(t, house, bob.accessToken, line),
  )
  await t.test('a process dies: swept once, and its clients miss nothing', (t) =>
    killOne(t, house, bob.accessToken, lines),
  )
}

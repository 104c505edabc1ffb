/** A stopping process with a thousand connections, a part of whose peers do not answer: everything is closed in time. */
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { startApp } from '../helpers/app-process.js'
import { registerAndLogin } from '../helpers/http-client.js'
import { waitFor } from '../helpers/wait-for.js'

const CLIENTS = 1_000
/** Every so many clients one that hears nothing any more. */
const DEAF_EVERY = 4
const AT_ONCE = 50

t.setTimeout(60_000)

async function openClient(t: Test, address: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${address}/connection/websocket`)
  t.teardown(() => socket.terminate())
  socket.on('error', () => {})
  await once(socket, 'open')
  socket.send(`{"id":1,"connect":{"token":"${token}"}}\n{"id":2,"subscribe":{"channel":"room:a"}}`)
  await new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      if (data.toString().includes('"id":2')) resolve()
    })
  })
  return socket
}

await t.test('many connections, some of them deaf', async (t) => {
  const app = await startApp(t, 'up', {
    dataDir: t.testdir(),
    env: {
      APP_REALTIME_NAMESPACES_ROOM_PRESENCE: 'true',
      APP_REALTIME_NAMESPACES_ROOM_JOIN_LEAVE: 'true',
      APP_SOCKET_CONNECTIONS_PER_ADDRESS_MAX: '0',
      APP_SOCKET_CONNECTIONS_PER_USER_MAX: '0',
    },
  })
  const { accessToken } = await registerAndLogin(`http://${app.address('http')}`, 'ada')
  const address = app.address('socket')
  const sockets: WebSocket[] = []
  while (sockets.length < CLIENTS) {
    const opening = Array.from({ length: AT_ONCE }, () => openClient(t, address, accessToken))
    sockets.push(...(await Promise.all(opening)))
  }
  const deaf = sockets.filter((_, index) => index % DEAF_EVERY === 0)
  for (const socket of deaf) socket.pause()
  const codes: number[] = []
  for (const socket of sockets) socket.on('close', (code) => codes.push(code))
  t.strictSame(await app.stop('SIGTERM'), { code: 0, signal: null }, app.stderr())
  t.strictSame(
    app.log.filter(({ msg }) => msg === 'closing failed'),
    [],
  )
  await waitFor('the close frames', () => codes.length >= CLIENTS - deaf.length)
  t.strictSame(
    codes.filter((code) => code !== 3001),
    [],
    'all are told to come back elsewhere',
  )
})

/** The published client library against the built binary: what a product sees when things go wrong. */
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium } from 'playwright-core'
import t, { type Test } from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { API_KEY, type AppProcess, startApp } from '../helpers/app-process.js'
import { joinChannel } from '../helpers/channel-client.js'
import { call, login, registerAndLogin } from '../helpers/http-client.js'
import { startTcpProxy } from '../helpers/server/tcp-proxy.js'
import { waitFor } from '../helpers/wait-for.js'

const CHROMIUM = '/usr/bin/chromium'
const ROOM_ENV = {
  APP_REALTIME_NAMESPACES_ROOM_HISTORY_SIZE: '1000',
  APP_REALTIME_NAMESPACES_ROOM_RECOVERY: 'true',
  APP_REALTIME_NAMESPACES_ROOM_PRESENCE: 'true',
  APP_REALTIME_NAMESPACES_ROOM_PUBLISH: 'subscriber',
}

interface House {
  readonly app: AppProcess
  readonly http: string
  readonly socket: string
  publish(channel: string, data: unknown): Promise<unknown>
}

async function startHouse(
  t: Test,
  env: Record<string, string> = {},
  dataDir = t.testdir(),
): Promise<House> {
  const app = await startApp(t, 'up', { dataDir, env: { ...ROOM_ENV, ...env } })
  const socket = app.address('socket')
  return {
    app,
    http: `http://${app.address('http')}`,
    socket,
    async publish(channel, data) {
      const answer = await call('POST', `http://${socket}/api/publish`, {
        headers: { 'x-api-key': API_KEY },
        json: { channel, data },
      })
      if (!('result' in answer.body)) throw new Error(`publish: ${answer.text}`)
      return answer.body['result']
    },
  }
}

await t.test('subscribe, publish, history and presence', async (t) => {
  const house = await startHouse(t)
  const ada = await registerAndLogin(house.http, 'ada')
  const { client, sub, data } = await joinChannel(t, house.socket, { token: ada.accessToken })
  await sub.publish({ n: 1 })
  await house.publish('room:a', { n: 2 })
  await waitFor('both', () => data.length === 2)
  t.same(data, [{ n: 1 }, { n: 2 }])
  const history = await sub.history({ limit: 10 })
  t.same(
    history.publications.map(({ offset }) => offset),
    [1, 2],
  )
  t.same(await sub.presenceStats(), { numClients: 1, numUsers: 1 })
  t.match(await client.rpc('whoami', null), { data: { userId: ada.userId, role: 'user' } })
  await t.rejects(client.rpc('fly', null), { code: 104 } as object as Error)
})

await t.test('session ended: told why, closed for good', async (t) => {
  const house = await startHouse(t)
  const ada = await registerAndLogin(house.http, 'ada')
  const laptop = await login(house.http, 'ada')
  const { events } = await joinChannel(t, house.socket, { token: ada.accessToken })
  await call('DELETE', `${house.http}/sessions/${ada.sessionId}`, { token: laptop.accessToken })
  await waitFor('the end', () => events.some((event) => event.startsWith('disconnected')))
  t.same(events, ['connected', 'message ended_by_user', 'disconnected 4500 ended_by_user'])
})

await t.test('token expired: renewed on the line, or by coming back', async (t) => {
  const house = await startHouse(t, {
    APP_AUTH_ACCESS_TOKEN_SECONDS: '2',
    APP_AUTH_CLOCK_SKEW_SECONDS: '0',
    APP_SOCKET_TOKEN_GRACE_MS: '1000',
  })
  let refreshToken = (await registerAndLogin(house.http, 'ada')).refreshToken
  const getToken = async (): Promise<string> => {
    const { body } = await call('POST', `${house.http}/auth/refresh_token`, {
      json: { refreshToken },
    })
    refreshToken = String(body['refreshToken'])
    return String(body['accessToken'])
  }
  const steady = await joinChannel(t, house.socket, { getToken })
  const bob = await registerAndLogin(house.http, 'bob')
  const forgetful = await joinChannel(t, house.socket, {
    token: bob.accessToken,
    getToken: () => Promise.reject(new Error('offline')),
  })
  await waitFor('the grace to be over', () => forgetful.events.includes('connecting 3005'))
  await house.publish('room:a', 'still here')
  await waitFor('the publication', () => steady.data.length === 1)
  t.same(steady.events, ['connected'], 'who renews in time notices nothing')
})

await t.test('server restarted: back by itself, with everything that was missed', async (t) => {
  const dataDir = t.testdir()
  const first = await startHouse(t, {}, dataDir)
  const port = first.socket.split(':')[1] ?? ''
  const ada = await registerAndLogin(first.http, 'ada')
  const { data, events } = await joinChannel(t, first.socket, { token: ada.accessToken })
  await first.publish('room:a', 1)
  await waitFor('the first', () => data.length === 1)
  await first.app.stop('SIGTERM')
  const second = await startHouse(t, { APP_SOCKET_PORT: port }, dataDir)
  for (const value of [2, 3]) await second.publish('room:a', value)
  await waitFor('the rest', () => data.length === 3)
  t.same(data, [1, 2, 3])
  t.equal(events[1], 'connecting 3001')
})

await t.test('network cut, and killed with -9: no hole, no duplicate', async (t) => {
  const dataDir = t.testdir()
  const house = await startHouse(t, {}, dataDir)
  const [host = '', port = ''] = house.socket.split(':')
  const proxy = await startTcpProxy({ target: { host, port: Number(port) } })
  t.teardown(() => proxy.close())
  const ada = await registerAndLogin(house.http, 'ada')
  const { data, events } = await joinChannel(t, `127.0.0.1:${proxy.port}`, {
    token: ada.accessToken,
  })
  const expected: number[] = []
  for (let round = 0; round < 3; round += 1) {
    await house.publish('room:a', expected.push(expected.length))
    await proxy.cut()
    for (let count = 0; count < 5; count += 1) {
      await house.publish('room:a', expected.push(expected.length))
    }
    await proxy.restore()
    await waitFor('all', () => data.length === expected.length)
  }
  await house.app.stop('SIGKILL')
  const again = await startHouse(t, { APP_SOCKET_PORT: port }, dataDir)
  await again.publish('room:a', expected.push(expected.length))
  await waitFor('all', () => data.length === expected.length)
  t.same(
    data,
    expected.map((_, index) => index + 1),
  )
  t.notOk(events.includes('recovered false'))
})

const skip = existsSync(CHROMIUM) ? false : `${CHROMIUM} is not there`

await t.test('in a browser, over every transport', { skip }, async (t) => {
  const page = createServer((request, response) => {
    const isScript = request.url === '/centrifuge.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    const script = `${PACKAGE_ROOT}node_modules/centrifuge/dist/centrifuge.js`
    response.end(isScript ? readFileSync(script) : '<script src="/centrifuge.js"></script>')
  })
  page.listen(0, '127.0.0.1')
  t.teardown(() => page.close())
  await waitFor('the page', () => page.address())
  const origin = `http://127.0.0.1:${(page.address() as AddressInfo).port}`
  const house = await startHouse(t, { APP_SOCKET_ALLOWED_ORIGINS: origin })
  const ada = await registerAndLogin(house.http, 'ada')
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  const tab = await browser.newPage()
  await tab.goto(origin)
  for (const transport of ['websocket', 'http_stream', 'sse']) {
    const path = transport === 'websocket' ? 'ws' : 'http'
    const endpoint = `${path}://${house.socket}/connection/${transport}`
    const emulation = `http://${house.socket}/emulation`
    // The page runs this text: it is not compiled with the rest.
    const seen: unknown = await tab.evaluate(`new Promise((resolve, reject) => {
      const client = new Centrifuge([{ transport: '${transport}', endpoint: '${endpoint}' }], {
        token: '${ada.accessToken}', emulationEndpoint: '${emulation}',
      })
      const sub = client.newSubscription('room:${transport}')
      sub.on('publication', ({ data }) => { resolve(data); client.disconnect() })
      sub.on('subscribed', () => sub.publish({ over: '${transport}' }))
      client.on('disconnected', ({ code, reason }) => reject(new Error(code + ' ' + reason)))
      sub.subscribe()
      client.connect()
      setTimeout(() => reject(new Error('too late')), 15000)
    })`)
    t.same(seen, { over: transport })
  }
})

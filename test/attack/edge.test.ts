/** What reaches the edge of the house, and what leaves it by the log. */
import { connect } from 'node:net'
import t from 'tap'
import { call, PASSWORD } from '../helpers/http-client.js'
import { openAttackHouse } from './house.js'

const house = await openAttackHouse(t)
const { http, httpAddress } = house

/** Sends bytes and gives what came back before the server hung up. */
function sendRaw(bytes: string): Promise<string> {
  const [host = '', port] = httpAddress.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host)
    let received = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk))
    socket.on('error', () => resolve(received))
    socket.on('close', () => resolve(received))
    socket.write(bytes)
  })
}

await t.test('X-01 no header makes another address of a peer', async (t) => {
  const names = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip']
  for (const name of names) {
    const value = name === 'forwarded' ? 'for=203.0.113.7' : '203.0.113.7'
    const login = await call('POST', `${http}/auth/login`, {
      json: { username: 'ada', password: PASSWORD },
      headers: { [name]: value },
    })
    const { body } = await call('GET', `${http}/me`, { token: String(login.body['accessToken']) })
    t.match(body, { session: { address: '127.0.0.1' } }, name)
  }
  t.notOk(house.log().includes('203.0.113.7'))
})

await t.test('X-05 a request whose end is doubtful is no request', async (t) => {
  const before = house.state()
  const head = 'POST /auth/register HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
  const smuggled = 'GET /me HTTP/1.1\r\nhost: x\r\n\r\n'
  const doubtful: Record<string, string> = {
    'both lengths': `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'two lengths': `${head}content-length: 5\r\ncontent-length: 6\r\n\r\n{"a":1${smuggled}`,
    'a signed length': `${head}content-length: +5\r\n\r\n{"a":`,
    'a bad chunk': `${head}transfer-encoding: chunked\r\n\r\nzz\r\n${smuggled}`,
    'an unknown coding': `${head}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'a bare line feed': `GET /me HTTP/1.1\nhost: x\nx-a: b\r\n c: d\r\n\r\n`,
    'a space before the colon': 'GET /me HTTP/1.1\r\nhost : x\r\n\r\n',
    'no host': 'GET /hello HTTP/1.1\r\nconnection: close\r\n\r\n',
    'NUL in a header': 'GET /me HTTP/1.1\r\nhost: x\r\nx-a: a\0b\r\n\r\n',
  }
  for (const [what, bytes] of Object.entries(doubtful)) {
    const received = await sendRaw(bytes)
    t.match(received, /^HTTP\/1\.1 400 /, what)
    t.equal(received.match(/^HTTP\/1\.1 /gm)?.length, 1, `${what}: one answer`)
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('P-18 no line of the log is forged by what a client sends', async (t) => {
  const lines = house.logLines.length
  const headers = { 'user-agent': 'a\u00ad\u0085b\\n{"level":60}', 'x-request-id': 'chosen' }
  await call('GET', `${http}/hello?a=%0A%7B%22level%22%3A60%7D`, { headers })
  await call('GET', `${http}/%0d%0a%7B%22level%22:60%7D`, { headers })
  const added = house.logLines.slice(lines)
  t.ok(added.length >= 2)
  for (const line of added) {
    t.not(line['level'], 60)
    t.not(line['requestId'], 'chosen')
  }
})

await t.test('X-06 neither the log nor the metrics hold a secret', async (t) => {
  const password = 'a very secret password'
  const account = { username: 'secretive', password, email: 'secret@example.com' }
  await call('POST', `${http}/auth/register`, { json: account })
  const login = await call('POST', `${http}/auth/login`, {
    json: { username: 'secretive', password, useCookies: true },
  })
  const { accessToken, refreshToken } = login.body as { accessToken: string; refreshToken: string }
  const cookies = [login.headers['set-cookie'] ?? []]
    .flat()
    .map((value) => value.split(';')[0] ?? '')
  await call('GET', `${http}/me?token=${accessToken}`, { token: accessToken })
  await call('GET', `${http}/me`, { headers: { cookie: cookies.join('; ') } })
  await call('POST', `${http}/auth/refresh_token`, { json: { refreshToken } })
  await call('POST', `${http}/auth/login`, { json: { username: password, password: accessToken } })
  await call('POST', `${http}/auth/register`, { text: `{"password":"${password}"`, headers: {} })
  const metrics = await call('GET', `${http}/metrics`, {
    headers: { 'x-api-key': house.config.api.key },
  })
  t.equal(metrics.status, 200)
  const everything = house.log() + metrics.text
  t.match(everything, /http_request_duration_seconds/)
  const secrets = [password, accessToken, refreshToken, house.config.api.key, 'argon2']
  for (const secret of [...secrets, ...cookies.map((value) => value.split('=')[1] ?? '')]) {
    t.notOk(everything.includes(secret), secret.slice(0, 12))
  }
  t.notMatch(everything, /eyJ[\w-]{10}/)
})

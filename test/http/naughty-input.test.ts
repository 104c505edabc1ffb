import { randomBytes, randomInt } from 'node:crypto'
import t from 'tap'
import { createTestHttp } from '../helpers/http-fakes.js'

const ROUNDS = 1_000
const ROUTES = [
  ['POST', '/auth/register'],
  ['POST', '/auth/login'],
  ['POST', '/auth/refresh_token'],
  ['PATCH', '/me'],
] as const
const WHOLE = JSON.stringify({ username: 'alice', password: 'correct-password', refreshToken: 'a' })
const VALUES = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  'null',
  '\u0000',
  '\ud800',
  '💣',
  [],
  {},
  [[]],
  { a: {} },
]

function pick<T>(list: readonly T[]): T {
  const value = list[randomInt(list.length)]
  if (value === undefined) throw new Error('empty list')
  return value
}

function randomBody(round: number): Buffer {
  switch (round % 4) {
    case 0:
      return randomBytes(randomInt(1, 512))
    case 1:
      return Buffer.from(WHOLE.slice(0, randomInt(1, WHOLE.length)))
    case 2:
      return Buffer.from(
        JSON.stringify({ username: pick(VALUES), password: pick(VALUES), x: pick(VALUES) }),
      )
    default: {
      const flipped = Buffer.from(WHOLE)
      flipped[randomInt(flipped.length)] = randomInt(256)
      return flipped
    }
  }
}

await t.test('1,000 random and truncated bodies: never a 5xx', async (t) => {
  const { server } = createTestHttp()
  for (let round = 0; round < ROUNDS; round += 1) {
    const [method, url] = pick(ROUTES)
    const payload = randomBody(round)
    const headers = { 'content-type': 'application/json', authorization: 'Bearer access-1' }
    const response = await server.inject({ method, url, headers, payload })
    if (response.statusCode >= 500) {
      t.fail(`${url} ${response.statusCode}: ${payload.toString('base64')}`)
    }
  }
  t.equal((await server.inject('/hello')).statusCode, 200)
  await server.close()
})

await t.test('1,000 random tokens and cookies: never a 5xx, never let in', async (t) => {
  const { server } = createTestHttp()
  for (let round = 0; round < ROUNDS; round += 1) {
    const junk = randomBytes(randomInt(1, 200)).toString(round % 2 === 0 ? 'latin1' : 'base64url')
    const value = junk.replaceAll(/[\r\n\0]/g, '')
    const headers = pick([
      { authorization: `Bearer ${value}` },
      { authorization: value },
      { cookie: `_at=${value}` },
      { cookie: value, authorization: `Bearer ${value}` },
    ])
    const response = await server.inject({ url: '/me', headers })
    if (response.statusCode !== 401 && response.statusCode !== 400) {
      t.fail(`${response.statusCode}: ${JSON.stringify(headers)}`)
    }
  }
  t.equal((await server.inject('/hello')).statusCode, 200)
  await server.close()
})

await t.test('1,000 random paths and queries: never a 5xx', async (t) => {
  const { server } = createTestHttp()
  for (let round = 0; round < ROUNDS; round += 1) {
    const junk = randomBytes(randomInt(1, 100)).toString(round % 2 === 0 ? 'base64' : 'hex')
    const encoded = junk.replaceAll(/../g, (pair) => (round % 3 === 0 ? `%${pair}` : pair))
    const url = pick([
      `/${encoded}`,
      `/grpc/hello?id=${encoded}`,
      `/hello?${encoded}`,
      `/hello/..${encoded}`,
    ])
    const response = await server.inject({ url, headers: { authorization: 'Bearer access-1' } })
    if (response.statusCode >= 500) t.fail(`${response.statusCode}: ${url}`)
  }
  t.equal((await server.inject('/hello')).statusCode, 200)
  await server.close()
})

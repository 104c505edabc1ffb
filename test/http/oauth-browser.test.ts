import { fastifyCookie } from '@fastify/cookie'
import { fastify } from 'fastify'
import t, { type Test } from 'tap'
import { createOauthBrowser } from '../../src/http/oauth-browser.js'
import { createFakeLabeler } from '../helpers/http-fakes.js'

/** A server that marks at `/mark`, reads at `/read` and clears at `/clear`. */
async function createHouse(t: Test, secureCookies = false) {
  const browser = createOauthBrowser({ oauthLabeler: createFakeLabeler(), secureCookies })
  const server = fastify()
  t.teardown(() => server.close())
  await server.register(fastifyCookie, { hook: false })
  server.get('/mark', (request, reply) => ({ id: browser.mark(request, reply) }))
  server.get('/read', (request) => ({ id: browser.read(request) }))
  server.get('/clear', (_request, reply) => {
    browser.clear(reply)
    return {}
  })
  return async (url: string, cookie?: string) => {
    const headers = cookie === undefined ? {} : { cookie }
    const response = await server.inject({ url, headers })
    const { id } = response.json<{ id?: string | null }>()
    return { id, setCookie: response.headers['set-cookie'] }
  }
}

await t.test('a browser gets its secret, and keeps it while it is genuine', async (t) => {
  const get = await createHouse(t)
  const attributes = 'Max-Age=600; Path=/; HttpOnly; SameSite=Lax'
  t.same(await get('/mark'), { id: 'client-1', setCookie: `_oauth=client-1.mac; ${attributes}` })
  t.same(await get('/mark', '_oauth=client-9.mac'), {
    id: 'client-9',
    setCookie: `_oauth=client-9.mac; ${attributes}`,
  })
  t.match(await get('/mark', '_oauth=client-9.forged'), { id: 'client-2' })
  t.match(await get('/mark', '_oauth=client-8.mac; _oauth=client-9.mac'), { id: 'client-3' })
})

await t.test('only a genuine secret is read', async (t) => {
  const get = await createHouse(t)
  t.match(await get('/read', '_oauth=client-9.mac'), { id: 'client-9', setCookie: undefined })
  for (const cookie of [
    undefined,
    '_oauth=x',
    '_oauth=',
    '_cid=client-9.mac',
    '_oauth=a.mac; _oauth=a.mac',
  ]) {
    t.match(await get('/read', cookie), { id: null })
  }
})

await t.test('the secret can be taken back', async (t) => {
  const get = await createHouse(t)
  t.match(await get('/clear'), { setCookie: '_oauth=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax' })
})

await t.test('the cookie is for this host alone where cookies are secure', async (t) => {
  const get = await createHouse(t, true)
  const expected = '__Host-oauth=client-1.mac; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax'
  t.match(await get('/mark', '_oauth=client-9.mac'), { setCookie: expected })
})

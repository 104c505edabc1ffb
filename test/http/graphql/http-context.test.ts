import t from 'tap'
import { notAcceptable } from '../../../src/http/graphql/http-context.js'
import {
  ask,
  cookieOf,
  openBrowser,
  openGraphqlHouse,
  signIn,
} from '../../helpers/graphql-house.js'

await t.test('who has no session is labelled, who has one is known by it', async (t) => {
  const { url } = await openGraphqlHouse(t)
  const first = await ask(url, '{ auth { clientId } }')
  t.match(cookieOf(first.headers), /^_cid=/)
  const browser = await openBrowser(url)
  const again = await ask(url, '{ auth { clientId } }', { headers: { cookie: browser.cookie } })
  t.equal(cookieOf(again.headers), '')
  t.equal(again.data?.['auth']?.['clientId'], browser.clientId)
  const { accessToken } = await signIn(url, 'known', { headers: { cookie: browser.cookie } })
  const bearer = await ask(url, '{ auth { clientId authorized } }', { token: accessToken })
  t.match(bearer.data, { auth: { clientId: browser.clientId, authorized: true } })
  t.equal(cookieOf(bearer.headers), '')
})

await t.test('a cookie that came twice is a refusal in the shape of GraphQL', async (t) => {
  const { url } = await openGraphqlHouse(t)
  const headers = { cookie: '_at=a; _at=b', 'sec-fetch-site': 'same-origin' }
  const answer = await ask(url, '{ auth { clientId } }', { headers })
  t.equal(answer.status, 400)
  t.match(answer.errors, [{ extensions: { reason: 'cookie_duplicated' } }])
})

await t.test('notAcceptable says what there is', async (t) => {
  t.match(notAcceptable(), { code: 'INVALID_ARGUMENT', reason: 'not_acceptable' })
})

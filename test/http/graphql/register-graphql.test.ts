import t from 'tap'
import { ask, openBrowser, openGraphqlHouse, openLine } from '../../helpers/graphql-house.js'
import { API_KEY } from '../../helpers/app-process.js'
import { call } from '../../helpers/http-client.js'
import { waitFor } from '../../helpers/wait-for.js'

await t.test('a server that nobody asked has loaded nothing and closes', async (t) => {
  const { close } = await openGraphqlHouse(t)
  await t.resolves(close())
})

await t.test('the first askers, by both transports at once, share one engine', async (t) => {
  const { url } = await openGraphqlHouse(t)
  const browser = await openBrowser(url)
  const line = openLine(t, url, { cookie: browser.cookie })
  const answers = await Promise.all([1, 2, 3].map(() => ask(url, '{ auth { authorized } }')))
  t.ok(answers.every(({ data }) => data?.['auth']))
  await waitFor('the line', () => line.isAcknowledged())
  const metrics = await call('GET', `${url}/metrics`, { headers: { 'x-api-key': API_KEY } })
  t.match(metrics.text, /^graphql_observers 1$/m)
})

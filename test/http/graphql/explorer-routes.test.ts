import t from 'tap'
import { openGraphqlHouse } from '../../helpers/graphql-house.js'
import { call } from '../../helpers/http-client.js'

await t.test('the page and its files come from here, under a strict policy', async (t) => {
  const { url } = await openGraphqlHouse(t)
  for (const [path, type] of [
    ['/graphiql', 'text/html'],
    ['/graphiql/explorer.js', 'text/javascript'],
    ['/graphiql/explorer.css', 'text/css'],
  ] as const) {
    const answer = await call('GET', url + path)
    t.equal(answer.status, 200)
    t.equal(answer.headers['content-type'], `${type}; charset=utf-8`)
    const policy = String(answer.headers['content-security-policy'])
    t.match(policy, /^default-src 'none';script-src 'self';/)
    t.notMatch(policy, /unsafe|http|\*/)
  }
  const page = (await call('GET', `${url}/graphiql`)).text
  t.notMatch(page, /https?:\/\/|<style|<script>|onclick=/)
})

await t.test('where it is turned off there is nothing, and no introspection', async (t) => {
  const off = { 'graphql.graphiql': false, 'graphql.introspection': false }
  const { url } = await openGraphqlHouse(t, off)
  t.equal((await call('GET', `${url}/graphiql`)).status, 404)
  const json = { query: '{ __schema { types { name } } }' }
  t.match((await call('POST', `${url}/graphql`, { json })).body, {
    errors: [{ extensions: { reason: 'query_invalid' } }],
  })
})

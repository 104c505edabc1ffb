/** A real browser: the explorer page under its policy, and graphql-ws in pages of two browser contexts. */
import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import t from 'tap'
import { openGraphqlHouse, signIn } from '../helpers/graphql-house.js'
import { PASSWORD } from '../helpers/http-client.js'
import { waitFor } from '../helpers/wait-for.js'

const CHROMIUM = '/usr/bin/chromium'
const skip = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`
const CLIENT_FOLDER = dirname(fileURLToPath(import.meta.resolve('graphql-ws')))

/** Serves the published client to the page, from the page's own origin. */
async function offerClient(context: BrowserContext): Promise<void> {
  await context.route('**/__client/*', async (route) => {
    const file = new URL(route.request().url()).pathname.split('/').at(-1) ?? ''
    const body = await readFile(join(CLIENT_FOLDER, file), 'utf8')
    await route.fulfill({ body, contentType: 'text/javascript' })
  })
}

/** What a page keeps for the test to read. */
interface Seen {
  states: { authorized: boolean; user: { username: string } | null; reason: string | null }[]
  isComplete: boolean
  closed: { code: number; reason: string } | null
}

/** A tab that observes, with the graphql-ws client of npm in the page. */
async function observe(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${url}/graphiql`)
  await page.evaluate(`(async () => {
    const { createClient } = await import('/__client/client.js')
    const answer = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ auth { sessionId } }' }),
    }).then((response) => response.json())
    window.tab = answer.data.auth.sessionId
    window.seen = { states: [], isComplete: false, closed: null }
    const client = createClient({
      url: location.origin.replace('http', 'ws') + '/graphql',
      connectionParams: { 'Session-ID': window.tab },
      retryAttempts: 0,
    })
    client.on('closed', ({ code, reason }) => (window.seen.closed = { code, reason }))
    client.subscribe(
      { query: 'subscription { auth { authorized reason user { username } } }' },
      {
        next: ({ data }) => window.seen.states.push(data.auth),
        error: () => {},
        complete: () => (window.seen.isComplete = true),
      },
    )
  })()`)
  return page
}

const seenBy = (page: Page): Promise<Seen> => page.evaluate('window.seen')

await t.test(
  'three tabs of two browsers: a sign-in and an end reach the right ones',
  { skip },
  async (t) => {
    const { url } = await openGraphqlHouse(t)
    await signIn(url, 'alice')
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    t.teardown(() => browser.close())
    const [first, second] = [await browser.newContext(), await browser.newContext()]
    for (const context of [first, second]) await offerClient(context)
    // The first page of a context labels its browser.
    const a1 = await observe(first, url)
    const a2 = await observe(first, url)
    const b1 = await observe(second, url)
    const states = async () =>
      Promise.all([a1, a2, b1].map(async (page) => (await seenBy(page)).states))
    await waitFor('first states', async () => (await states()).every(({ length }) => length === 1))

    await a1.evaluate(`fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'session-id': window.tab },
    body: JSON.stringify({
      query: 'mutation($p: String!) { login(username: "alice", password: $p, useCookies: true) { sessionId } }',
      variables: { p: ${JSON.stringify(PASSWORD)} },
    }),
  }).then((response) => response.json())`)
    await waitFor('the sign-in in both tabs', async () => {
      const [one, two] = await states()
      return one?.length === 2 && two?.length === 2
    })
    for (const page of [a1, a2]) {
      t.match((await seenBy(page)).states[1], { authorized: true, user: { username: 'alice' } })
    }
    await a2.evaluate(`fetch('/auth/logout', { method: 'POST' })`)
    await waitFor('the end in both tabs', async () => {
      return (await seenBy(a1)).closed !== null && (await seenBy(a2)).closed !== null
    })
    for (const page of [a1, a2]) {
      const seen = await seenBy(page)
      t.match(seen.states[2], { authorized: false, reason: 'logged_out', user: null })
      t.equal(seen.isComplete, true)
      t.strictSame(seen.closed, { code: 4401, reason: 'logged_out' })
    }
    t.equal((await seenBy(b1)).states.length, 1, 'the other browser heard nothing')
    t.equal((await seenBy(b1)).closed, null)
  },
)

await t.test('the explorer page works under its policy', { skip }, async (t) => {
  const { url } = await openGraphqlHouse(t)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  const page = await browser.newPage()
  const troubles: string[] = []
  const requests: string[] = []
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
  page.on('pageerror', (error) => troubles.push(String(error)))
  page.on('request', (request) => requests.push(new URL(request.url()).origin))
  await page.goto(`${url}/graphiql`)
  await waitFor('the schema', async () =>
    /type Query/.test((await page.textContent('#schema')) ?? ''),
  )
  await page.click('#run')
  await waitFor('the answer', async () =>
    /"authorized": false/.test((await page.textContent('#result')) ?? ''),
  )
  await page.fill('#query', 'subscription { auth { authorized clientId } }')
  await page.click('#run')
  await waitFor('the first state', async () =>
    /"clientId"/.test((await page.textContent('#result')) ?? ''),
  )
  await page.click('#stop')
  t.strictSame(
    troubles.filter((text) => !/favicon/.test(text) && !/404/.test(text)),
    [],
  )
  t.strictSame([...new Set(requests)], [url], 'nothing comes from elsewhere')
})

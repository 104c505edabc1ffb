/** What is written in one transaction, read in pages and found or made at a sign-in, through two processes. */
import type { Test } from 'tap'
import type { AccountHouse } from './account-processes.js'
import { ask, reasons } from './graphql-house.js'
import { call, login, PASSWORD, registerAndLogin } from './http-client.js'
import { createBrowser } from './oauth/browser.js'

type Audited = { readonly id: number; readonly type: string; readonly userId: string | null }

export async function proveAccountFlows(t: Test, house: AccountHouse): Promise<void> {
  await t.test('a GraphQL mutation stands or falls as one transaction', (t) =>
    proveTransaction(t, house),
  )
  await t.test('the list of accounts is read from either end', (t) => proveList(t, house))
  await t.test('a deleted account is gone everywhere, and its name is free', (t) =>
    proveDeletion(t, house),
  )
  await t.test('a name or an address goes to one of many that want it at once', (t) =>
    proveRace(t, house),
  )
  await t.test('a sign-in with a provider finds one account, or makes it', (t) =>
    proveProvider(t, house),
  )
}

async function proveTransaction(t: Test, { here, there, root }: AccountHouse): Promise<void> {
  const registerTwo = (first: string, second: string) =>
    ask(
      here,
      `mutation($first: String!, $second: String!, $password: String!) {
        first: register(username: $first, password: $password) { id }
        second: register(username: $second, password: $password) { id username }
      }`,
      { variables: { first, second, password: PASSWORD } },
    )
  const count = async (): Promise<number> => {
    const answer = await ask(there, '{ users(first: 1) { totalCount } }', {
      token: root.accessToken,
    })
    return Number(answer.data?.['users']?.['totalCount'])
  }
  const before = await count()
  const failed = await registerTwo('gus', 'root')
  t.same(reasons(failed), ['rolled_back', 'username_taken'])
  t.equal(await count(), before, 'nobody is left of it')
  await t.rejects(login(there, 'gus'), /credentials_invalid/)

  const done = await registerTwo('gus', 'hal')
  t.match(done, { errors: [], data: { second: { username: 'hal' } } })
  t.equal(await count(), before + 2)
  const gus = await login(there, 'gus')
  const renamed = await ask(
    there,
    'mutation { updateProfile(displayName: "Gus 🙂", gender: MALE) { id } }',
    { token: gus.accessToken },
  )
  t.same(renamed.errors, [])
  const seen = await ask(here, '{ user { displayName gender } }', { token: gus.accessToken })
  t.match(seen.data, { user: { displayName: 'Gus 🙂', gender: 'MALE' } })
  const events = await auditOf(here, root.accessToken, `userId=${gus.userId}`)
  t.same(
    events.map(({ type }) => type),
    ['user.profile_changed', 'session.started', 'user.registered'],
  )
}

async function proveList(t: Test, { here, there, root }: AccountHouse): Promise<void> {
  for (const name of ['list-a', 'list-b', 'list-c']) await registerAndLogin(here, name)
  const read = async (query: string) => {
    const answer = await ask(
      there,
      `{ users(${query}) { edges { cursor node { username } } pageInfo { hasNextPage hasPreviousPage } } }`,
      { token: root.accessToken },
    )
    const { edges, pageInfo } = answer.data?.['users'] as unknown as {
      edges: { cursor: string; node: { username: string } }[]
      pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean }
    }
    return {
      cursor: edges[0]?.cursor ?? '',
      names: edges.map(({ node }) => node.username),
      pageInfo,
    }
  }
  const last = await read('last: 2')
  t.same(last.names, ['list-b', 'list-c'])
  t.same(last.pageInfo, { hasNextPage: false, hasPreviousPage: true })
  const middle = await read(`last: 1, before: "${last.cursor}"`)
  t.same(middle.names, ['list-a'])
  t.same(middle.pageInfo, { hasNextPage: true, hasPreviousPage: true })
  const after = await read(`first: 1, after: "${middle.cursor}"`)
  t.same(after.names, ['list-b'])
  const first = await read('first: 1')
  t.same(first.pageInfo, { hasNextPage: true, hasPreviousPage: false })
}

async function proveDeletion(t: Test, house: AccountHouse): Promise<void> {
  const { here, there, root, processes, refused } = house
  const ida = await registerAndLogin(here, 'ida')
  await login(there, 'ida')
  const gone = await call('DELETE', `${there}/admin/users/${ida.userId}`, {
    token: root.accessToken,
  })
  t.match(gone, { status: 200, body: { ended: 2, processes } })
  await refused(ida.accessToken, 'user_deleted')
  await t.rejects(login(here, 'ida'), /credentials_invalid/)
  t.match(await call('DELETE', `${here}/admin/users/${ida.userId}`, { token: root.accessToken }), {
    status: 404,
    body: { reason: 'user_not_found' },
  })
  t.not((await registerAndLogin(here, 'ida')).userId, ida.userId)

  const audit = (query: string) => auditOf(here, root.accessToken, `userId=${ida.userId}${query}`)
  const all = await audit('')
  const types = ['session.ended', 'session.ended', 'user.deleted', 'session.started']
  t.same(
    all.map(({ type }) => type),
    [...types, 'session.started', 'user.registered'],
  )
  t.same(await audit('&limit=2'), all.slice(0, 2))
  t.same(await audit(`&limit=2&before=${all[1]?.id ?? 0}`), all.slice(2, 4))
  t.same(await audit('&type=user.deleted'), [all[2]])
}

async function proveRace(t: Test, { here, there }: AccountHouse): Promise<void> {
  const race = async (accountOf: (index: number) => object, reason: string) => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        call('POST', `${index % 2 === 0 ? here : there}/auth/register`, {
          json: { password: PASSWORD, ...accountOf(index) },
        }),
      ),
    )
    t.equal(answers.filter(({ status }) => status === 201).length, 1)
    const lost = answers.filter(({ status }) => status !== 201)
    t.match(lost, Array(9).fill({ status: 409, body: { reason } }))
  }
  await race(() => ({ username: 'joe' }), 'username_taken')
  await race((index) => ({ username: `jane-${index}`, email: 'jane@example.com' }), 'email_taken')
}

async function proveProvider(t: Test, house: AccountHouse): Promise<void> {
  const { here, there, root, github } = house
  // Anybody may claim an address; whoever proves it gets it.
  const squatter = { username: 'squatter', password: PASSWORD }
  const claimed = await call('POST', `${here}/auth/register`, {
    json: { ...squatter, email: 'octocat@example.com' },
  })
  t.equal(claimed.status, 201)
  const visits = await Promise.all(
    Array.from({ length: 6 }, (_, index) => visit(index % 2 === 0 ? here : there)),
  )
  const [user] = visits
  t.match(user, { username: 'octocat', email: 'octocat@example.com' })
  t.same(
    visits.map(({ id }) => id),
    Array(6).fill(user?.id),
    'six first sign-ins at once are one account',
  )
  t.match(await login(there, 'squatter'), { username: 'squatter' })
  const squatterId = (claimed.body['user'] as { id: string }).id
  t.match(await auditOf(here, root.accessToken, 'type=user.email_reclaimed'), [
    { userId: squatterId },
  ])

  github.person = {
    ...github.person,
    user: { ...github.person.user, name: 'Mona' },
  }
  t.match(await visit(there), { id: user?.id, displayName: 'Mona' })
  t.match(await visit(here), { id: user?.id, displayName: 'Mona' })

  const frozen = await call('PATCH', `${here}/admin/users/${user?.id ?? ''}`, {
    token: root.accessToken,
    json: { state: 'frozen' },
  })
  t.match(frozen, { status: 200, body: { end: { ended: 8 } } })
  const { url } = await createBrowser().go(`${there}/auth/login/github?returnTo=/hello`)
  t.equal(url, `${there}/hello?oauth_error=user_frozen`)
}

interface Visitor {
  readonly id: string
  readonly username: string
  readonly displayName: string
  readonly email: string | null
}

/** Signs in with the provider in a browser of its own. */
async function visit(url: string): Promise<Visitor> {
  const browser = createBrowser()
  await browser.go(`${url}/auth/login/github?returnTo=/hello`)
  const { status, body, text } = await call('GET', `${url}/me`, {
    headers: { cookie: browser.cookies(url) },
  })
  if (status !== 200) throw new Error(text)
  return body['user'] as Visitor
}

async function auditOf(url: string, token: string, query: string): Promise<readonly Audited[]> {
  const { body, text } = await call('GET', `${url}/admin/audit?${query}`, { token })
  if (!Array.isArray(body['events'])) throw new Error(text)
  return body['events'] as Audited[]
}

/** Apollo Client as its users configure it: HTTP for queries and mutations, graphql-ws for subscriptions. */
import { createRequire } from 'node:module'
import type * as Core from '@apollo/client/core/core.cjs'
import type * as Subscriptions from '@apollo/client/link/subscriptions/subscriptions.cjs'
import { createClient } from 'graphql-ws'
import t from 'tap'
import WebSocket from 'ws'
import { openBrowser, openGraphqlHouse } from '../helpers/graphql-house.js'
import { PASSWORD } from '../helpers/http-client.js'
import { waitFor } from '../helpers/wait-for.js'

// The package has no exports map, and Node reads its names only from the CommonJS form.
const require = createRequire(import.meta.url)
const { ApolloClient, HttpLink, InMemoryCache, gql, split } =
  require('@apollo/client/core') as typeof Core
const { GraphQLWsLink } = require('@apollo/client/link/subscriptions') as typeof Subscriptions

const { url, core } = await openGraphqlHouse(t)

await t.test('Apollo signs in, reads, subscribes and is told of the end', async (t) => {
  const { cookie } = await openBrowser(url)
  let token = ''
  const http = new HttpLink({
    uri: `${url}/graphql`,
    fetch: (input, init) =>
      fetch(input, {
        ...(init as RequestInit),
        headers: {
          ...(init?.headers as Record<string, string>),
          cookie,
          ...(token && { authorization: `Bearer ${token}` }),
        },
      }),
  })
  const socket = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: () => ({ accessToken: token }),
    retryAttempts: 0,
  })
  t.teardown(() => socket.terminate())
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: split(
      ({ query }) =>
        query.definitions.some(
          (node) => 'operation' in node && String(node.operation) === 'subscription',
        ),
      new GraphQLWsLink(socket),
      http,
    ),
  })
  t.teardown(() => client.stop())

  const before = await client.query({
    query: gql`
      {
        auth {
          authorized
        }
      }
    `,
    fetchPolicy: 'no-cache',
  })
  t.match(before.data, { auth: { authorized: false } })
  const variables = { username: 'apollo', password: PASSWORD }
  await client.mutate({
    mutation: gql`
      mutation Register($username: String!, $password: String!) {
        register(username: $username, password: $password) {
          id
        }
      }
    `,
    variables,
  })
  const signedIn = await client.mutate<{ login: { accessToken: string; sessionId: string } }>({
    mutation: gql`
      mutation Login($username: String!, $password: String!) {
        login(username: $username, password: $password) {
          accessToken
          sessionId
        }
      }
    `,
    variables,
  })
  token = signedIn.data?.login.accessToken ?? ''
  const me = await client.query({
    query: gql`
      {
        user {
          id
          username
        }
      }
    `,
  })
  t.match(me.data, { user: { __typename: 'User', username: 'apollo' } })

  const seen: unknown[] = []
  let isComplete = false
  client
    .subscribe({
      query: gql`
        subscription State {
          auth {
            authorized
            reason
          }
        }
      `,
    })
    .subscribe({
      next: ({ data }) => seen.push(data),
      complete: () => (isComplete = true),
      error: () => {},
    })
  await waitFor('the state', () => seen.length === 1)
  await core.sessions.endAsAdmin({ sessionId: signedIn.data?.login.sessionId ?? '' })
  await waitFor('the end', () => isComplete)
  t.match(seen, [
    { auth: { authorized: true } },
    { auth: { authorized: false, reason: 'ended_by_admin' } },
  ])
  await t.rejects(
    client.query({
      query: gql`
        {
          sessions {
            id
          }
        }
      `,
      fetchPolicy: 'no-cache',
    }),
    {
      graphQLErrors: [{ extensions: { code: 'UNAUTHENTICATED', reason: 'ended_by_admin' } }],
    } as object as Error,
  )
})

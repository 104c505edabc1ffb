/**
 * The query `user` with a token (token, session, limits, log, metrics) against the same schema, query and resolvers
 * on bare mercurius with `jit: 1`, which has its user in memory; and against that mercurius on our own server
 * (headers, log line, measurements), without authentication and without anything of our GraphQL. CPU per request of
 * the server's process first.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { appEnv, BINARY } from '../helpers/app-process.js'
import { registerAndLogin } from '../helpers/http-client.js'
import { load, pin, serve, SERVER_CORE } from './child.js'
import { compareCpu } from './compare-cpu.js'

const REQUESTS = 20_000
const CONNECTIONS = 32
const QUERY = '{ user { id username displayName email avatarUrl gender role state createdAt } }'

export async function benchGraphql(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const env = appEnv({ dataDir }) as Record<string, string>
  const bare = await serve([`${PACKAGE_ROOT}dist/test/bench/bare-graphql-server.js`])
  const house = await serve([`${PACKAGE_ROOT}dist/test/bench/house-server.js`])
  const ours = await serve([BINARY, 'http'], env)
  try {
    const url = `http://${ours.addresses['http']}`
    const { accessToken } = await registerAndLogin(url, 'ada')
    const run =
      (target: string, headers: Record<string, string> = {}) =>
      () =>
        load({
          ...{ url: `${target}/graphql`, requests: REQUESTS, connections: CONNECTIONS },
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ query: QUERY }),
        })
    const subjects = {
      'bare mercurius': { pid: bare.pid, run: run(`http://${bare.addresses['bare']}`) },
      'mercurius on our server': { pid: house.pid, run: run(`http://${house.addresses['house']}`) },
      'user with a token': {
        pid: ours.pid,
        run: run(url, { authorization: `Bearer ${accessToken}` }),
      },
    }
    for (const { pid } of Object.values(subjects)) pin(pid, SERVER_CORE)
    await compareCpu('bare mercurius', subjects, 'mercurius on our server')
  } finally {
    await Promise.all([bare, house, ours].map((server) => server.stop()))
    rmSync(dataDir, { recursive: true, force: true })
  }
}

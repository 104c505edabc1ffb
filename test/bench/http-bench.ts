/**
 * The authenticated route (`GET /home`: token, session, user) against the same route of our own server without
 * authentication, and against the same answer of a bare Fastify; on SQLite, and on Redis where redis-server
 * is installed. CPU per request of the server's process first.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { appEnv, BINARY } from '../helpers/app-process.js'
import { registerAndLogin } from '../helpers/http-client.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { startRedis } from '../helpers/server/redis.js'
import { load, pin, serve, type Served, SERVER_CORE } from './child.js'
import { compareCpu, type Subject } from './compare-cpu.js'

const REQUESTS = 20_000
const CONNECTIONS = 32

export async function benchHttp(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const redis = skipUnless('redis') === false ? await startRedis() : null
  const app = (env: Readonly<Record<string, string>>) =>
    serve([BINARY, 'http'], appEnv({ dataDir, env }) as Record<string, string>)
  const script = (name: string) => serve([`${PACKAGE_ROOT}dist/test/bench/${name}.js`])
  const bare = await script('bare-server')
  const house = await script('house-server')
  const onSqlite = await app({})
  const onRedis = redis && (await app({ APP_REDIS_URL: redis.url }))
  try {
    const subject = (
      pid: number,
      target: string,
      headers: Record<string, string> = {},
    ): Subject => ({
      pid,
      run: () => load({ url: target, requests: REQUESTS, connections: CONNECTIONS, headers }),
    })
    const signedIn = async ({ pid, addresses }: Served, username: string) => {
      const url = `http://${addresses['http']}`
      const { accessToken } = await registerAndLogin(url, username)
      return subject(pid, `${url}/home`, { authorization: `Bearer ${accessToken}` })
    }
    const subjects: Record<string, Subject> = {
      'bare Fastify': subject(bare.pid, `http://${bare.addresses['bare']}/home`),
      'ours, no authentication': subject(house.pid, `http://${house.addresses['house']}/home`),
      'ours, authenticated, SQLite': await signedIn(onSqlite, 'ada'),
      ...(onRedis && { 'ours, authenticated, Redis': await signedIn(onRedis, 'bob') }),
    }
    for (const { pid } of Object.values(subjects)) pin(pid, SERVER_CORE)
    await compareCpu('bare Fastify', subjects, 'ours, no authentication')
  } finally {
    const servers = [bare, house, onSqlite, ...(onRedis ? [onRedis] : [])]
    await Promise.all(servers.map((server) => server.stop()))
    await redis?.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

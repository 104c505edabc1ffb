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
import { load, serve, type Served } from './child.js'
import { cpuMicroseconds, inTurns, median, noisePercent, printTable } from './measure.js'

const ROUNDS = 6
const SECONDS = 2
const CONNECTIONS = 32

interface Sample {
  readonly cpuPerRequest: number
  readonly requestsPerSecond: number
}

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
    const sample =
      (pid: number, target: string, headers: Record<string, string> = {}) =>
      async (): Promise<Sample> => {
        const before = cpuMicroseconds(pid)
        const result = await load(target, { seconds: SECONDS, connections: CONNECTIONS, headers })
        if (result.errors > 0) throw new Error(`${target}: ${result.errors} failed requests`)
        const cpuPerRequest = (cpuMicroseconds(pid) - before) / result.requests
        return { cpuPerRequest, requestsPerSecond: result.requestsPerSecond }
      }
    const signedIn = async ({ pid, addresses }: Served, username: string) => {
      const url = `http://${addresses['http']}`
      const { accessToken } = await registerAndLogin(url, username)
      return sample(pid, `${url}/home`, { authorization: `Bearer ${accessToken}` })
    }
    const subjects = {
      'bare Fastify': sample(bare.pid, `http://${bare.addresses['bare']}/home`),
      'ours, no authentication': sample(house.pid, `http://${house.addresses['house']}/home`),
      'ours, authenticated, SQLite': await signedIn(onSqlite, 'ada'),
      ...(onRedis && { 'ours, authenticated, Redis': await signedIn(onRedis, 'bob') }),
    }
    for (const warmUp of Object.values(subjects)) await warmUp()
    print(await inTurns(subjects, ROUNDS))
  } finally {
    const servers = [bare, house, onSqlite, ...(onRedis ? [onRedis] : [])]
    await Promise.all(servers.map((server) => server.stop()))
    await redis?.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function print(samples: Record<string, Sample[]>): void {
  const of = (name: string, key: keyof Sample): number[] =>
    (samples[name] ?? []).map((sample) => sample[key])
  const medianOf = (name: string, key: keyof Sample): number => median(of(name, key))
  printTable([
    ['GET /home', 'CPU µs/request', 'noise', 'to bare', 'to ours', 'requests/s', 'to bare'],
    ...Object.keys(samples).map((name) => {
      const cpu = of(name, 'cpuPerRequest')
      const rate = median(of(name, 'requestsPerSecond'))
      return [
        name,
        median(cpu).toFixed(1),
        `±${noisePercent(cpu)} %`,
        (median(cpu) / medianOf('bare Fastify', 'cpuPerRequest')).toFixed(2),
        (median(cpu) / medianOf('ours, no authentication', 'cpuPerRequest')).toFixed(2),
        rate.toFixed(0),
        (rate / medianOf('bare Fastify', 'requestsPerSecond')).toFixed(2),
      ]
    }),
  ])
}

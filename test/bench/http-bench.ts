/**
 * The authenticated route (`GET /home`: token, session, user) against the same answer from a bare Fastify
 * route, and our public route (`GET /hello`). CPU per request of the server's process first.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { appEnv, BINARY } from '../helpers/app-process.js'
import { registerAndLogin } from '../helpers/http-client.js'
import { load, serve } from './child.js'
import { cpuMicroseconds, inTurns, median, noisePercent, printTable } from './measure.js'

const ROUNDS = 6
const SECONDS = 3
const CONNECTIONS = 32

interface Sample {
  readonly cpuPerRequest: number
  readonly requestsPerSecond: number
}

export async function benchHttp(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const env = appEnv({ dataDir }) as Record<string, string>
  const bare = await serve([`${PACKAGE_ROOT}dist/test/bench/bare-server.js`])
  const ours = await serve([BINARY, 'http'], env)
  try {
    const url = `http://${ours.addresses['http']}`
    const { accessToken } = await registerAndLogin(url, 'ada')
    const sample =
      (pid: number, target: string, headers: Record<string, string> = {}) =>
      async (): Promise<Sample> => {
        const before = cpuMicroseconds(pid)
        const result = await load(target, { seconds: SECONDS, connections: CONNECTIONS, headers })
        if (result.errors > 0) throw new Error(`${target}: ${result.errors} failed requests`)
        const cpuPerRequest = (cpuMicroseconds(pid) - before) / result.requests
        return { cpuPerRequest, requestsPerSecond: result.requestsPerSecond }
      }
    const subjects = {
      'bare route': sample(bare.pid, `http://${bare.addresses['bare']}/home`),
      'authenticated /home': sample(ours.pid, `${url}/home`, {
        authorization: `Bearer ${accessToken}`,
      }),
      'public /hello': sample(ours.pid, `${url}/hello`),
    }
    for (const warmUp of Object.values(subjects)) await warmUp()
    print(await inTurns(subjects, ROUNDS))
  } finally {
    await Promise.all([bare.stop(), ours.stop()])
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function print(samples: Record<string, Sample[]>): void {
  const of = (name: string, key: keyof Sample): number[] =>
    (samples[name] ?? []).map((sample) => sample[key])
  const baseCpu = median(of('bare route', 'cpuPerRequest'))
  const baseRate = median(of('bare route', 'requestsPerSecond'))
  printTable([
    ['subject', 'CPU µs/request', 'ratio', 'noise', 'requests/s', 'ratio'],
    ...Object.keys(samples).map((name) => {
      const cpu = of(name, 'cpuPerRequest')
      const rate = median(of(name, 'requestsPerSecond'))
      return [
        name,
        median(cpu).toFixed(1),
        (median(cpu) / baseCpu).toFixed(2),
        `±${noisePercent(cpu)} %`,
        rate.toFixed(0),
        (rate / baseRate).toFixed(2),
      ]
    }),
  ])
}

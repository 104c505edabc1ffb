/** From spawn to ready, and resident memory when idle, for each service against a bare Fastify process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { appEnv, BINARY } from '../helpers/app-process.js'
import { serve } from './child.js'
import { inTurns, median, noisePercent, printTable, residentBytes } from './measure.js'

const ROUNDS = 7

interface Sample {
  readonly readyMs: number
  readonly residentMiB: number
}

export async function benchStartup(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const env = appEnv({ dataDir }) as Record<string, string>
  const sample = (args: readonly string[]) => async (): Promise<Sample> => {
    const served = await serve(args, env)
    const residentMiB = residentBytes(served.pid) / 1024 / 1024
    await served.stop()
    return { readyMs: served.readyMs, residentMiB }
  }
  try {
    const subjects = {
      'bare Fastify': sample([`${PACKAGE_ROOT}dist/test/bench/bare-server.js`]),
      'app http': sample([BINARY, 'http']),
      'app socket': sample([BINARY, 'socket']),
      'app grpc': sample([BINARY, 'grpc']),
      'app up': sample([BINARY, 'up']),
    }
    // The first start makes the keys and the schema; it is not what an operator waits for daily.
    await subjects['app up']()
    print(await inTurns(subjects, ROUNDS))
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function print(samples: Record<string, Sample[]>): void {
  const base = median((samples['bare Fastify'] ?? []).map(({ readyMs }) => readyMs))
  printTable([
    ['subject', 'ready ms', 'noise', 'ratio', 'idle RSS MiB'],
    ...Object.entries(samples).map(([name, list]) => {
      const ready = list.map(({ readyMs }) => readyMs)
      return [
        name,
        median(ready).toFixed(0),
        `±${noisePercent(ready)} %`,
        (median(ready) / base).toFixed(2),
        median(list.map(({ residentMiB }) => residentMiB)).toFixed(0),
      ]
    }),
  ])
}

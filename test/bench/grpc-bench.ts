/**
 * Verify with all checks (API key, token, session, one log line) against a bare grpc-js server that gives the same
 * answer, and VerifyBatch of 100 against Verify, by token. CPU of the server's process first.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { API_KEY, appEnv, BINARY } from '../helpers/app-process.js'
import { login, registerAndLogin } from '../helpers/http-client.js'
import { serve } from './child.js'
import { cpuMicroseconds, inTurns, median, noisePercent, printTable } from './measure.js'

const ROUNDS = 4
/** Calls, not seconds: every subject has as many to warm up by, and the first thousands cost several times more. */
const TOKENS = 5_000
const WARM_UP_ROUNDS = 3
const BATCH = 100
const LOAD = `${PACKAGE_ROOT}dist/test/bench/grpc-load.js`

interface Sample {
  readonly cpuPerToken: number
  readonly tokensPerSecond: number
}

export async function benchGrpc(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const bare = await serve([`${PACKAGE_ROOT}dist/test/bench/bare-grpc-server.js`])
  const ours = await serve([BINARY, 'up'], appEnv({ dataDir }) as Record<string, string>)
  try {
    // A session for each token of a batch: equal tokens would be one question.
    const url = `http://${ours.addresses['http']}`
    const tokens = [(await registerAndLogin(url, 'ada')).accessToken]
    while (tokens.length < BATCH) tokens.push((await login(url, 'ada')).accessToken)
    const sample =
      (pid: number, address: string | undefined, method: string, tokensPerCall: number) =>
      async (): Promise<Sample> => {
        const before = cpuMicroseconds(pid)
        const calls = tokensPerCall === 1 ? TOKENS : (4 * TOKENS) / tokensPerCall
        const args = [address ?? '', method, API_KEY, String(calls), tokens.join(',')]
        const { stdout } = await promisify(execFile)(process.execPath, [LOAD, ...args])
        const { seconds } = JSON.parse(stdout) as { seconds: number }
        const asked = calls * tokensPerCall
        const cpuPerToken = (cpuMicroseconds(pid) - before) / asked
        return { cpuPerToken, tokensPerSecond: asked / seconds }
      }
    const subjects = {
      'bare grpc-js': sample(bare.pid, bare.addresses['bare'], 'Verify', 1),
      Verify: sample(ours.pid, ours.addresses['grpc'], 'Verify', 1),
      'VerifyBatch(100)': sample(ours.pid, ours.addresses['grpc'], 'VerifyBatch', BATCH),
    }
    await inTurns(subjects, WARM_UP_ROUNDS)
    print(await inTurns(subjects, ROUNDS))
  } finally {
    await Promise.all([bare.stop(), ours.stop()])
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function print(samples: Record<string, Sample[]>): void {
  const of = (name: string, key: keyof Sample): number[] =>
    (samples[name] ?? []).map((sample) => sample[key])
  const bareCpu = median(of('bare grpc-js', 'cpuPerToken'))
  const unaryRate = median(of('Verify', 'tokensPerSecond'))
  printTable([
    ['subject', 'CPU µs/token', 'of bare', 'noise', 'tokens/s', 'of Verify'],
    ...Object.keys(samples).map((name) => {
      const cpu = of(name, 'cpuPerToken')
      const rate = median(of(name, 'tokensPerSecond'))
      return [
        name,
        median(cpu).toFixed(1),
        (median(cpu) / bareCpu).toFixed(2),
        `±${noisePercent(cpu)} %`,
        rate.toFixed(0),
        (rate / unaryRate).toFixed(2),
      ]
    }),
  ])
}

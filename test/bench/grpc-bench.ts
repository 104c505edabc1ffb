/**
 * Verify with all checks (API key, token, session, one log line) against a bare grpc-js server that gives the same
 * answer, and VerifyBatch of 100 against Verify, by token. CPU of the server's process first, without what the
 * process uses while nobody calls: the client is the slower side, so that would be counted by the client's time.
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
import {
  cpuMicroseconds,
  inTurns,
  median,
  noisePercent,
  printTable,
  ratioInRounds,
} from './measure.js'

const ROUNDS = 16
/** Calls, not seconds: every subject has as many to warm up by, and the first thousands cost several times more. */
const TOKENS = 4_000
const WARM_UP_ROUNDS = 4
const IDLE_MS = 3_000
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
    const [bareIdle, oursIdle] = [await idleShare(bare.pid), await idleShare(ours.pid)]
    const sample =
      (pid: number, idle: number, address = '', method: string, tokensPerCall: number) =>
      async (): Promise<Sample> => {
        const before = cpuMicroseconds(pid)
        const startedAt = performance.now()
        const calls = tokensPerCall === 1 ? TOKENS : (4 * TOKENS) / tokensPerCall
        const args = [address, method, API_KEY, String(calls), tokens.join(',')]
        const { stdout } = await promisify(execFile)(process.execPath, [LOAD, ...args])
        const { seconds } = JSON.parse(stdout) as { seconds: number }
        const asked = calls * tokensPerCall
        const idleMicroseconds = idle * (performance.now() - startedAt) * 1_000
        const cpuPerToken = (cpuMicroseconds(pid) - before - idleMicroseconds) / asked
        return { cpuPerToken, tokensPerSecond: asked / seconds }
      }
    const subjects = {
      'bare grpc-js': sample(bare.pid, bareIdle, bare.addresses['bare'], 'Verify', 1),
      Verify: sample(ours.pid, oursIdle, ours.addresses['grpc'], 'Verify', 1),
      'VerifyBatch(100)': sample(ours.pid, oursIdle, ours.addresses['grpc'], 'VerifyBatch', BATCH),
    }
    await inTurns(subjects, WARM_UP_ROUNDS)
    print(await inTurns(subjects, ROUNDS))
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
    process.stdout.write(
      `left out, of one core: bare grpc-js ${percent(bareIdle)}, app up ${percent(oursIdle)}\n`,
    )
  } finally {
    await Promise.all([bare.stop(), ours.stop()])
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** What a process uses of one core while nobody calls. */
async function idleShare(pid: number): Promise<number> {
  const before = cpuMicroseconds(pid)
  const startedAt = performance.now()
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  return (cpuMicroseconds(pid) - before) / 1_000 / (performance.now() - startedAt)
}

function print(samples: Record<string, Sample[]>): void {
  const of = (name: string, key: keyof Sample): number[] =>
    (samples[name] ?? []).map((sample) => sample[key])
  const bareCpu = of('bare grpc-js', 'cpuPerToken')
  const unaryRate = median(of('Verify', 'tokensPerSecond'))
  printTable([
    ['subject', 'CPU µs/token', 'noise', 'of bare', '95 %', 'tokens/s', 'of Verify'],
    ...Object.keys(samples).map((name) => {
      const cpu = of(name, 'cpuPerToken')
      const rate = median(of(name, 'tokensPerSecond'))
      const { ratio, low, high } = ratioInRounds(cpu, bareCpu)
      return [
        name,
        median(cpu).toFixed(1),
        `±${noisePercent(cpu)} %`,
        ratio.toFixed(2),
        `${low.toFixed(2)}-${high.toFixed(2)}`,
        rate.toFixed(0),
        (rate / unaryRate).toFixed(2),
      ]
    }),
  ])
}

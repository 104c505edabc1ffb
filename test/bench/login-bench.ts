/**
 * Whether the time of a refused sign-in tells why: an unknown user, a wrong password, a frozen account, an account
 * without a password, in random order, each pair compared by the area under its ROC curve (0.5: not to be told
 * apart). Once with the least costly hash there is, so that whatever differs around the hash stands out and many
 * samples are affordable; once with the costs of a real deployment, which is what a stranger can measure. Then 200
 * sign-ins at once, and how late the event loop was meanwhile.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../../src/repository/sqlite-store.js'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { createUserRepository } from '../../src/repository/user-repository.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { sampleUser } from '../contract/user-repository-contract.js'
import { appEnv, BINARY } from '../helpers/app-process.js'
import { call, PASSWORD } from '../helpers/http-client.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { serve, type Served } from './child.js'
import { median, printTable } from './measure.js'

/** Per class; fewer for a short look. With real costs a tenth. */
const SAMPLES = Number(process.env['BENCH_SAMPLES'] ?? 2000)
const REAL_COST_SHARE = 0.1
const WARM_UP = 50
const PARALLEL = 200
const CLASSES = ['unknown', 'wrong', 'frozen', 'oauth-only'] as const
type Class = (typeof CLASSES)[number]

/** No throttle between the samples. */
const NO_THROTTLE = {
  APP_THROTTLE_ACCOUNT_FAILURES_MAX: '10000000',
  APP_THROTTLE_CLIENT_FAILURES_MAX: '10000000',
  APP_THROTTLE_ADDRESS_FAILURES_MAX: '10000000',
}
const LEAST_COST = { APP_PASSWORD_MEMORY_KIB: '8', APP_PASSWORD_ITERATIONS: '1' }
const REAL_COST = { APP_PASSWORD_MEMORY_KIB: '19456', APP_PASSWORD_ITERATIONS: '2' }

export async function benchLogin(): Promise<void> {
  await withServer(LEAST_COST, async (_served, url) => {
    process.stdout.write('argon2id with 8 KiB and 1 pass\n')
    printTimes(await sampleTimes(url, SAMPLES))
  })
  await withServer(REAL_COST, async (served, url) => {
    process.stdout.write('argon2id with 19 MiB and 2 passes\n')
    printTimes(await sampleTimes(url, Math.ceil(SAMPLES * REAL_COST_SHARE)))
    await printParallel(served, url)
  })
}

/** Runs something against a server with these costs and one account of each class. */
async function withServer(
  cost: Readonly<Record<string, string>>,
  run: (served: Served, url: string) => Promise<void>,
): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const env = appEnv({ dataDir, env: { ...NO_THROTTLE, ...cost } }) as Record<string, string>
  const loopDelay = `${PACKAGE_ROOT}dist/test/bench/loop-delay.js`
  const served = await serve(['--import', loopDelay, BINARY, 'http'], env)
  try {
    const url = `http://${served.addresses['http']}`
    await makeAccounts(url, dataDir)
    await run(served, url)
  } finally {
    await served.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** One account of each class; the last two are made in the store, behind the back of the service. */
async function makeAccounts(url: string, dataDir: string): Promise<void> {
  for (const username of ['wrong', 'frozen']) {
    const json = { username, password: PASSWORD }
    const { status, text } = await call('POST', `${url}/auth/register`, { json })
    if (status !== 201) throw new Error(text)
  }
  const file = join(dataDir, 'app.db')
  const store = openSqliteStore({ file, busyTimeoutMs: 5000, synchronous: 'normal' })
  const users = createUserRepository(store)
  const frozen = await users.findByUsername('frozen')
  await createTransactionRunner(store, createMemoryLogger()).run(async (tx) => {
    await users.update(tx, frozen?.id ?? '', { state: 'frozen' })
    await users.create(tx, sampleUser('oauth-only'))
  })
  await store.close()
}

async function sampleTimes(url: string, samples: number): Promise<Record<Class, number[]>> {
  const times: Record<Class, number[]> = { unknown: [], wrong: [], frozen: [], 'oauth-only': [] }
  for (let round = -WARM_UP; round < samples; round += 1) {
    for (const name of shuffled(CLASSES)) {
      // The right password for the frozen account: it fails for another reason than the others.
      const password = name === 'frozen' ? PASSWORD : 'a password that is wrong'
      const startedAt = performance.now()
      const { status } = await call('POST', `${url}/auth/login`, {
        json: { username: name, password },
      })
      if (status !== 401) throw new Error(`${name}: ${status}`)
      if (round >= 0) times[name].push(performance.now() - startedAt)
    }
  }
  return times
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

function printTimes(times: Record<Class, number[]>): void {
  printTable([
    ['refused because', 'median ms', ...CLASSES.map((name) => `AUC to ${name}`)],
    ...CLASSES.map((name) => [
      name,
      median(times[name]).toFixed(2),
      ...CLASSES.map((other) => (other === name ? '' : auc(times[name], times[other]).toFixed(3))),
    ]),
  ])
  process.stdout.write(`${times.unknown.length} samples of each\n`)
}

/** How well a threshold tells two samples apart, whichever is the slower: 0.5 not at all, 1 always. */
function auc(left: readonly number[], right: readonly number[]): number {
  const all = [
    ...left.map((time) => ({ time, isLeft: true })),
    ...right.map((time) => ({ time, isLeft: false })),
  ]
  all.sort((a, b) => a.time - b.time)
  let [rightBefore, wins] = [0, 0]
  for (const { isLeft } of all) {
    if (isLeft) wins += rightBefore
    else rightBefore += 1
  }
  const area = wins / (left.length * right.length)
  return Math.max(area, 1 - area)
}

async function printParallel(served: Served, url: string): Promise<void> {
  await loopDelayOf(served)
  const startedAt = performance.now()
  const json = { username: 'wrong', password: PASSWORD }
  const answers = await Promise.all(
    Array.from({ length: PARALLEL }, () => call('POST', `${url}/auth/login`, { json })),
  )
  const seconds = (performance.now() - startedAt) / 1000
  const { p99Ms, maxMs } = await loopDelayOf(served)
  const done = answers.filter(({ status }) => status === 200).length
  const refused = answers.filter(({ status }) => status === 429).length
  process.stdout.write(
    `${PARALLEL} sign-ins at once: ${done} signed in, ${refused} refused as too many, ` +
      `${seconds.toFixed(1)} s; event loop p99 ${p99Ms.toFixed(1)} ms late, at most ${maxMs.toFixed(1)} ms\n`,
  )
}

/** How late the event loop of the server was since the last time. */
async function loopDelayOf({ child }: Served): Promise<{ p99Ms: number; maxMs: number }> {
  if (!child.stdout) throw new Error('no output')
  const lines = createInterface({ input: child.stdout })
  try {
    return await new Promise((resolve) => {
      lines.on('line', (line) => {
        const entry = JSON.parse(line) as { msg: string; p99Ms: number; maxMs: number }
        if (entry.msg === 'loop delay') resolve(entry)
      })
      child.kill('SIGUSR2')
    })
  } finally {
    lines.removeAllListeners()
  }
}

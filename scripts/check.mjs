/**
 * `npm run check`: format, lint, types, import boundaries, dead code, in that order.
 * Says so in that order, and stops at the first that fails with its code; as many as there are processors run at
 * once. `npm run check -- lint types` runs only those.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'

const STEPS = [
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['lint', 'eslint', '--max-warnings', '0', '.'],
  ['types', 'tsc', '-p', 'tsconfig.json', '--noEmit'],
  ['boundaries', 'depcruise', 'bin', 'src', '--config', '.dependency-cruiser.cjs'],
  ['dead-code', 'knip'],
  ['dead-code-in-production', 'knip', '--production', '--strict'],
]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !STEPS.some(([known]) => known === name))
if (unknown.length > 0) {
  process.stderr.write(`check: unknown step ${unknown.join(', ')}\n`)
  process.exit(2)
}

/** Runs one step; what it prints is kept until its turn has come. */
function run(name, command, args) {
  const startedAt = performance.now()
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `node_modules/.bin:${process.env.PATH}` },
  })
  const printed = []
  child.stdout.on('data', (chunk) => printed.push([process.stdout, chunk]))
  child.stderr.on('data', (chunk) => printed.push([process.stderr, chunk]))
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, why: `: ${error.message}` }))
    child.on('close', (code) => resolve({ code: code ?? 1, why: '' }))
  }).then((end) => ({ ...end, seconds: ((performance.now() - startedAt) / 1000).toFixed(1) }))
  return { name, printed, ended, stop: () => child.kill() }
}

const waiting = STEPS.filter(([name]) => wanted.length === 0 || wanted.includes(name))
const begun = []
function begin() {
  const [name, command, ...args] = waiting.shift()
  const step = run(name, command, args)
  begun.push(step)
  step.ended.then(() => waiting.length > 0 && begin())
}
const lanes = Math.min(availableParallelism(), waiting.length)
for (let lane = 0; lane < lanes; lane += 1) begin()

for (const { name, printed, ended } of begun) {
  const { code, why, seconds } = await ended
  for (const [stream, chunk] of printed) stream.write(chunk)
  if (code !== 0) {
    process.stderr.write(`check: ${name} failed${why}\n`)
    waiting.length = 0
    for (const step of begun) step.stop()
    process.exitCode = code
    break
  }
  process.stdout.write(`check: ${name} ok (${seconds} s)\n`)
}

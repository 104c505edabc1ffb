/**
 * `npm run check`: format, lint, types, import boundaries, dead code, in that order.
 * Stops at the first that fails and exits with its code. `npm run check -- lint types` runs only those.
 */
import { spawnSync } from 'node:child_process'

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

for (const [name, command, ...args] of STEPS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const startedAt = performance.now()
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `node_modules/.bin:${process.env.PATH}` },
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  if (status !== 0) {
    process.stderr.write(`check: ${name} failed${error ? `: ${error.message}` : ''}\n`)
    process.exit(status ?? 1)
  }
  process.stdout.write(`check: ${name} ok (${seconds} s)\n`)
}

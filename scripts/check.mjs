/**
 * `npm run check`: format, lint, types, import boundaries, dead code, cheapest failure first.
 * Stops at the first that fails and exits with its code.
 */
import { spawnSync } from 'node:child_process'

const STEPS = [
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['lint', 'eslint', '--max-warnings', '0', '.'],
  ['types', 'tsc', '-p', 'tsconfig.json', '--noEmit'],
  ['boundaries', 'depcruise', 'bin', 'src', '--config', '.dependency-cruiser.cjs'],
  ['dead code', 'knip'],
  ['dead code in production', 'knip', '--production', '--strict'],
]

for (const [name, command, ...args] of STEPS) {
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

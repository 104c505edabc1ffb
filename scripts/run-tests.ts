/**
 * `npm test`: runs the compiled tests with tap, prints what failed, the coverage and one closing
 * line `N passed, N failed, N skipped`, and fails below the coverage floor.
 * Arguments are test files (of dist/test), none means all; `--no-coverage` skips the measurement.
 * REQUIRE_SERVICES=1 turns a missing server into a failure. The files share throwaway servers: whatever
 * they start is ended with this process, however it ends.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { startTestRun, type TestRun } from '../test/helpers/server/test-run.js'

const LINE_COVERAGE_MIN_PERCENT = 90
const TAP = 'node_modules/.bin/tap'
/** A good part of what a test file does is waiting: for a process to start, a server to answer, a lease to end. */
const FILES_AT_ONCE = Math.ceil(1.5 * availableParallelism())
const SUMMARY_FILE = '.tap/report/coverage-summary.json'

interface Totals {
  passed: number
  failed: number
  skipped: number
}

/** Builds tap's test class for the plugin list of .taprc, which differs from the default. */
async function buildTap(): Promise<number> {
  const child = spawn(process.execPath, [TAP, 'build'], { stdio: ['ignore', 'inherit', 'inherit'] })
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))
}

/** Runs the tests in TAP form; counts the innermost test points and prints each failing one whole. */
async function runTap(args: readonly string[]): Promise<{ code: number; totals: Totals }> {
  const child = spawn(
    process.execPath,
    [TAP, 'run', '--reporter=tap', `--jobs=${FILES_AT_ONCE}`, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  const counter = createPointCounter(totals)
  for await (const line of createInterface({ input: child.stdout })) counter(line)
  const code = await new Promise<number>((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode)
    else child.on('close', (exitCode) => resolve(exitCode ?? 1))
  })
  return { code, totals }
}

const POINT = /^(\s*)(not )?ok \d+ - (.*)$/
const FILE_INDENT = 0

/**
 * Counts the tests of each file (the points one level below the file) and echoes failing lines.
 * A file that ran no test of its own counts as one.
 */
function createPointCounter(totals: Totals): (line: string) => void {
  let pointsOfFile = 0
  let isEchoing = false
  return (line) => {
    const point = POINT.exec(line)
    if (!point) {
      if (isEchoing) process.stdout.write(`${line}\n`)
      return
    }
    const [, indent = '', failed, title = ''] = point
    isEchoing = failed !== undefined
    if (isEchoing) process.stdout.write(`${line}\n`)
    const isFile = indent.length === FILE_INDENT
    if (isFile && !isEchoing && /# SKIP/i.test(title)) totals.skipped += 1
    else if (indent.length === 4 || (isFile && pointsOfFile === 0)) {
      if (isEchoing) totals.failed += 1
      else if (/# SKIP/i.test(title)) {
        totals.skipped += 1
        process.stdout.write(`skipped: ${title.replace(/ # SKIP/i, ':')}\n`)
      } else totals.passed += 1
      pointsOfFile += 1
    }
    if (isFile) {
      process.stdout.write(`${isEchoing ? 'FAILED' : 'ok'} ${title}\n`)
      pointsOfFile = 0
    }
  }
}

/** Percent of lines covered; null when no report was made. */
function lineCoveragePercent(): number | null {
  if (!existsSync(SUMMARY_FILE)) return null
  const summary = JSON.parse(readFileSync(SUMMARY_FILE, 'utf8')) as {
    total: { lines: { pct: number } }
  }
  return summary.total.lines.pct
}

/** Lets the test files share servers; elsewhere than on Linux their tests say why they are skipped. */
async function startSharedRun(): Promise<TestRun | null> {
  if (process.platform !== 'linux') return null
  const started = await startTestRun()
  process.env['GATEHOUSE_TEST_RUN_DIR'] = started.folder
  return started
}

const args = process.argv.slice(2)
const files = args.filter((arg) => !arg.startsWith('--'))
const isMeasured = files.length === 0 && !args.includes('--no-coverage')
rmSync(SUMMARY_FILE, { force: true })
if (!existsSync('.tap/plugins') && (await buildTap()) !== 0) process.exit(1)
const tapArgs = isMeasured
  ? ['--coverage-report=json-summary', '--coverage-report=text-summary']
  : ['--disable-coverage', ...files]
const run = await startSharedRun()
const { code, totals } = await runTap(tapArgs).finally(() => run?.close())
let isUnderFloor = false
if (isMeasured) {
  const percent = lineCoveragePercent() ?? 0
  isUnderFloor = percent < LINE_COVERAGE_MIN_PERCENT
  const verdict = isUnderFloor ? 'under the floor of' : 'at least'
  process.stdout.write(`line coverage: ${percent} %, ${verdict} ${LINE_COVERAGE_MIN_PERCENT} %\n`)
}
if (code !== 0 && totals.failed === 0) totals.failed = 1
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed${skipped}\n`)
process.exitCode = totals.failed > 0 || isUnderFloor ? 1 : 0

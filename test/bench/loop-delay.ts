/**
 * Loaded into a server with `--import`: measures how late its event loop is, and prints the 99th percentile
 * since the last time on SIGUSR2, as a line `{"msg":"loop delay","p99Ms":…,"maxMs":…}`.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 1
const NANOSECONDS = 1_000_000

const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
histogram.enable()
process.on('SIGUSR2', () => {
  const p99Ms = histogram.percentile(99) / NANOSECONDS
  const maxMs = histogram.max / NANOSECONDS
  histogram.reset()
  process.stdout.write(`${JSON.stringify({ msg: 'loop delay', p99Ms, maxMs })}\n`)
})

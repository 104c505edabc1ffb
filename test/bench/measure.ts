/** What every comparison shares: CPU of a process tree, turns A B B A, medians and ratios. */
import { readdirSync, readFileSync } from 'node:fs'

const CLOCK_TICKS_PER_SECOND = 100

/** User plus system time of a process and its children so far, in microseconds (Linux /proc). */
export function cpuMicroseconds(pid: number): number {
  const parents = new Map<number, number>()
  const ticks = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      parents.set(Number(name), Number(fields[1]))
      ticks.set(Number(name), Number(fields[11]) + Number(fields[12]))
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  let sum = 0
  for (const [id, used] of ticks) {
    for (let up: number | undefined = id; up !== undefined; up = parents.get(up)) {
      if (up === pid) {
        sum += used
        break
      }
    }
  }
  return (sum / CLOCK_TICKS_PER_SECOND) * 1_000_000
}

/** Resident memory of one process in bytes (Linux /proc). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? NaN) + high) / 2
}

/** Half the spread of the values around their median, in percent: the noise of this run. */
export function noisePercent(values: readonly number[]): number {
  const spread = Math.max(...values) - Math.min(...values)
  return Math.round((50 * spread) / median(values))
}

/**
 * Each value over the baseline's of the same round, as a median with the interval that holds it 19 times of 20 (by
 * order statistics): what slows the machine for a while slows both, so this moves less than either.
 */
export function ratioInRounds(
  values: readonly number[],
  baseline: readonly number[],
): { readonly ratio: number; readonly low: number; readonly high: number } {
  const ratios = values
    .map((value, round) => value / (baseline[round] ?? NaN))
    .sort((a, b) => a - b)
  const reach = 0.98 * Math.sqrt(ratios.length)
  const at = (rank: number): number =>
    ratios[Math.min(ratios.length - 1, Math.max(0, Math.round(rank)))] ?? NaN
  const middle = (ratios.length - 1) / 2
  return { ratio: median(ratios), low: at(middle - reach), high: at(middle + reach) }
}

/** Runs the subjects in turn, A B B A, `rounds` times over, and gathers each one's samples. */
export async function inTurns<Sample>(
  subjects: Readonly<Record<string, () => Promise<Sample>>>,
  rounds: number,
): Promise<Record<string, Sample[]>> {
  const names = Object.keys(subjects)
  const samples: Record<string, Sample[]> = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const run = subjects[name]
      if (run) samples[name]?.push(await run())
    }
  }
  return samples
}

/** Prints rows as an aligned table, the first row being the head. */
export function printTable(rows: readonly (readonly (string | number)[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => String(row[column] ?? '').length)),
  )
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0
        ? String(cell).padEnd(widths[column] ?? 0)
        : String(cell).padStart(widths[column] ?? 0),
    )
    process.stdout.write(`${cells.join('  ')}\n`)
  }
}

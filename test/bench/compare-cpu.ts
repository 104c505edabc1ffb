/**
 * Compares what a request costs several servers, in turns, and prints CPU and rate beside those of a baseline, and
 * CPU beside that of a second one.
 */
import type { LoadResult } from './child.js'
import {
  cpuMicroseconds,
  inTurns,
  median,
  noisePercent,
  printTable,
  ratioInRounds,
} from './measure.js'

const ROUNDS = 12
/** Compiled and optimised code comes late: the first thousands of requests cost several times the later ones. */
const WARM_UP_ROUNDS = 3

interface Sample {
  readonly cpuPerRequest: number
  readonly requestsPerSecond: number
}

export interface Subject {
  /** The process whose time counts. */
  readonly pid: number
  readonly run: () => Promise<LoadResult>
}

export async function compareCpu(
  baseline: string,
  subjects: Readonly<Record<string, Subject>>,
  second: string | null = null,
): Promise<void> {
  const samplers = Object.fromEntries(
    Object.entries(subjects).map(([name, subject]) => [name, () => sample(name, subject)]),
  )
  await inTurns(samplers, WARM_UP_ROUNDS)
  print([baseline, second], await inTurns(samplers, ROUNDS))
}

async function sample(name: string, { pid, run }: Subject): Promise<Sample> {
  const before = cpuMicroseconds(pid)
  const result = await run()
  if (result.errors > 0) throw new Error(`${name}: ${result.errors} failed requests`)
  const cpuPerRequest = (cpuMicroseconds(pid) - before) / result.requests
  return { cpuPerRequest, requestsPerSecond: result.requestsPerSecond }
}

function print(
  [baseline, second]: readonly [string, string | null],
  samples: Record<string, Sample[]>,
): void {
  const of = (name: string, key: keyof Sample): number[] =>
    (samples[name] ?? []).map((one) => one[key])
  const rates = (name: string): number => median(of(name, 'requestsPerSecond'))
  const against = [baseline, ...(second === null ? [] : [second])]
  printTable([
    [
      'subject',
      'CPU µs/request',
      'noise',
      ...against.flatMap((name) => [`to ${name}`, '95 %']),
      'requests/s',
      'ratio',
    ],
    ...Object.keys(samples).map((name) => {
      const cpu = of(name, 'cpuPerRequest')
      return [
        name,
        median(cpu).toFixed(1),
        `±${noisePercent(cpu)} %`,
        ...against.flatMap((other) => {
          const { ratio, low, high } = ratioInRounds(cpu, of(other, 'cpuPerRequest'))
          return [ratio.toFixed(2), `${low.toFixed(2)}-${high.toFixed(2)}`]
        }),
        rates(name).toFixed(0),
        (rates(name) / rates(baseline)).toFixed(2),
      ]
    }),
  ])
}

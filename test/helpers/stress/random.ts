/** What chance decides with, so that a run can be had again: `STRESS_SEED`, else the day the suites were written. */
export const SEED = Number(process.env['STRESS_SEED'] ?? 20_261_121)

/** Numbers from 0 to below 1. */
export type Random = () => number

/** Mulberry32: small, seeded, good enough to choose whom to cut. */
export function createRandom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

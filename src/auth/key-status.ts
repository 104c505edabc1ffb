import type { KeyInfo } from '../domain/token.js'

type Scheduled = Pick<KeyInfo, 'id' | 'signsFrom'>

/**
 * The key that signs at `now`: the one that began last. When none has begun yet (a clock that was set back,
 * or only planned keys) the first to begin signs early, so that a house with keys can always sign. Null when
 * no key was ever meant to sign.
 */
export function signingKeyOf<K extends Scheduled>(keys: readonly K[], now: number): K | null {
  let current: K | null = null
  let earliest: K | null = null
  for (const key of keys) {
    if (key.signsFrom === null) continue
    if (key.signsFrom <= now && (current === null || isAfter(key, current))) current = key
    if (earliest === null || isAfter(earliest, key)) earliest = key
  }
  return current ?? earliest
}

/** What the key is among `keys` at `now`. */
export function statusOf(
  key: Scheduled,
  keys: readonly Scheduled[],
  now: number,
): KeyInfo['status'] {
  const current = signingKeyOf(keys, now)
  if (current?.id === key.id) return 'current'
  return key.signsFrom === null || key.signsFrom > now ? 'next' : 'previous'
}

/** Two keys of one instant are ordered by their ids: every process must choose the same. */
function isAfter(a: Scheduled, b: Scheduled): boolean {
  const from = (a.signsFrom ?? 0) - (b.signsFrom ?? 0)
  return from === 0 ? a.id > b.id : from > 0
}

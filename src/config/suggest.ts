/** The number of edits (insert, delete, replace, swap neighbours) between two words. */
function distance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1]
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1]
      ) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1)
      }
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[right.length] ?? 0
}

const WORD_CHARS_MAX = 100

/**
 * The candidate that was most likely meant by `word`, ignoring case; null when none is near (at most a third
 * of its letters differ, but two are always forgiven in words of four and more).
 */
export function suggest(word: string, candidates: readonly string[]): string | null {
  // The comparison is quadratic; nobody mistypes a word this long.
  if (word.length > WORD_CHARS_MAX) return null
  let best: { candidate: string; edits: number } | null = null
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    const allowed = candidate.length < 4 ? 1 : Math.max(2, Math.floor(candidate.length / 3))
    if (edits <= allowed && (best === null || edits < best.edits)) best = { candidate, edits }
  }
  return best?.candidate ?? null
}

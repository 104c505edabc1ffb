/** Entries that one call gives at most. */
const PAGE = 200

export interface Page<T, Cursor> {
  readonly items: readonly T[]
  /** Where the next page begins; null on the last. */
  readonly next: Cursor | null
}

/** Up to `limit` entries, page after page; `more` when there are others behind them. */
export async function collectPages<T, Cursor>(
  limit: number,
  load: (size: number, after: Cursor | null) => Promise<Page<T, Cursor>>,
): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = []
  let after: Cursor | null = null
  do {
    const page: Page<T, Cursor> = await load(Math.min(PAGE, limit - items.length), after)
    items.push(...page.items)
    after = page.next
  } while (after !== null && items.length < limit)
  return { items, more: after !== null }
}

import type { UnfinishedEnd, UnfinishedEndRepository } from '../../src/domain/unfinished-end.js'

/** Unfinished ends in memory, with the rules of the port. */
export function createMemoryUnfinishedEnds(): UnfinishedEndRepository & {
  readonly rows: UnfinishedEnd[]
} {
  const rows: UnfinishedEnd[] = []
  return {
    rows,
    async add(_tx, end) {
      rows.push(end)
    },
    async remove(id) {
      const at = rows.findIndex((row) => row.id === id)
      if (at >= 0) rows.splice(at, 1)
    },
    async listBefore(instant, limit) {
      const due = rows.filter(({ changedAt }) => changedAt < instant)
      return due.toSorted((a, b) => a.changedAt - b.changedAt).slice(0, limit)
    },
  }
}

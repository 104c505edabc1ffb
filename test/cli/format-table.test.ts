import t from 'tap'
import { formatInstant, formatTable } from '../../src/cli/format-table.js'

interface Row {
  readonly name: string
  readonly count: number | null
}

const COLUMNS = [
  { title: 'NAME', value: (row: Row) => row.name },
  { title: 'N', value: (row: Row) => row.count },
]

await t.test('formatTable aligns its columns and marks what is absent', async (t) => {
  t.equal(
    formatTable(COLUMNS, [
      { name: 'a', count: 10 },
      { name: 'größer', count: null },
      { name: '', count: 0 },
    ]),
    ['NAME    N', 'a       10', 'größer  -', '-       0', ''].join('\n'),
  )
  t.equal(formatTable(COLUMNS, []), 'NAME  N\n', 'titles alone when there is nothing')
})

await t.test('formatTable cuts long cells and disarms control characters', async (t) => {
  const table = formatTable(COLUMNS, [{ name: 'x'.repeat(80), count: 1 }])
  t.ok(table.includes(`${'x'.repeat(59)}…  1`))
  const hostile = formatTable(COLUMNS, [{ name: 'a\u001b[31m\nb\u202e', count: 1 }])
  t.ok(hostile.includes('a\ufffd[31m\ufffdb\ufffd  1'), hostile)
})

await t.test('formatInstant is UTC to the second', async (t) => {
  t.equal(formatInstant(Date.UTC(2026, 0, 2, 3, 4, 5, 678)), '2026-01-02 03:04:05Z')
  t.equal(formatInstant(null), null)
})

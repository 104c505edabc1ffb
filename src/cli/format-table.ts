import { printable } from './describe-failure.js'

const GAP = '  '
const CELL_CHARS_MAX = 60

/** One column: its title and what it shows of a row. */
export interface Column<T> {
  readonly title: string
  readonly value: (row: T) => string | number | null
}

/** Rows under their titles in aligned columns, each line ended; "-" for what is absent. */
export function formatTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => formatCell(column.value(row)))),
  ]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => widthOf(line[index]))))
  return cells
    .map((line) => {
      const padded = line.map((cell, index) => cell + padding(cell, widths[index] ?? 0))
      return `${padded.join(GAP).trimEnd()}\n`
    })
    .join('')
}

/** An instant as UTC to the second, or null. */
export function formatInstant(milliseconds: number | null): string | null {
  if (milliseconds === null) return null
  return new Date(milliseconds)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

function formatCell(value: string | number | null): string {
  if (value === null || value === '') return '-'
  const chars = [...printable(String(value))]
  return chars.length > CELL_CHARS_MAX
    ? `${chars.slice(0, CELL_CHARS_MAX - 1).join('')}…`
    : chars.join('')
}

function widthOf(cell: string | undefined): number {
  return [...(cell ?? '')].length
}

function padding(cell: string, width: number): string {
  return ' '.repeat(width - widthOf(cell))
}

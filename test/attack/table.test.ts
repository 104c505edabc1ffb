/** Keeps the table of the README true: every case once, and every test that it names exists. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

/** How many cases the checklist has of each kind. */
const CASES = { J: 40, R: 15, S: 25, P: 18, C: 13, W: 12, O: 16, X: 12 }
const NOT_HERE = 'does not apply: '

interface Row {
  readonly number: string
  readonly entries: readonly string[]
}

const table = readFileSync(join(PACKAGE_ROOT, 'test/attack/README.md'), 'utf8')
const rows: readonly Row[] = table
  .split('\n')
  .filter((line) => /^\| [A-Z]-\d\d/.test(line))
  .map((line) => {
    const [, number = '', , cell = ''] = line.split('|').map((part) => part.trim())
    return { number, entries: cell.split('<br>') }
  })

await t.test('every case of the checklist is there once, in order', async (t) => {
  const expected = Object.entries(CASES).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, index) => `${kind}-${String(index + 1).padStart(2, '0')}`),
  )
  t.equal(expected.length, 151)
  t.strictSame(
    rows.map(({ number }) => number),
    expected,
  )
})

await t.test('every test that is named exists, and every other case says why not', async (t) => {
  let named = 0
  for (const { number, entries } of rows) {
    for (const entry of entries) {
      if (entry.startsWith(NOT_HERE)) {
        t.equal(entries.length, 1, `${number} either applies or does not`)
        t.ok(entry.length > NOT_HERE.length + 10, `${number} says why`)
        continue
      }
      const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(entry) ?? []
      const path = join(PACKAGE_ROOT, file)
      if (!existsSync(path)) {
        t.fail(`${number}: no file ${file}`)
        continue
      }
      const source = readFileSync(path, 'utf8')
      named += 1
      t.ok(title !== '' && source.includes(title), `${number}: ${file} has "${title}"`)
    }
  }
  t.ok(named > 120)
})

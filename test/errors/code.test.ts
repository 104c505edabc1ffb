import { readFileSync } from 'node:fs'
import t from 'tap'
import { closeCodeOf, ERROR_TABLE, httpStatusOf, TOO_LARGE_REASON } from '../../src/errors/code.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

await t.test('a size limit has its own HTTP status and close code, nothing else has', async (t) => {
  const tooLarge = { code: 'RESOURCE_EXHAUSTED', reason: TOO_LARGE_REASON } as const
  t.equal(httpStatusOf(tooLarge), 413)
  t.equal(closeCodeOf(tooLarge), 1009)
  const busy = { code: 'RESOURCE_EXHAUSTED', reason: 'hashing_busy' } as const
  t.equal(httpStatusOf(busy), 429)
  t.equal(closeCodeOf(busy), 4429)
})

await t.test('the table has one gRPC status per code and valid close codes', async (t) => {
  const entries = Object.values(ERROR_TABLE)
  t.equal(new Set(entries.map(({ grpcStatus }) => grpcStatus)).size, entries.length)
  for (const { closeCode, httpStatus } of entries) {
    t.ok([1000, 1011, 1013].includes(closeCode) || (closeCode >= 4400 && closeCode < 4600))
    t.ok(httpStatus >= 400 && httpStatus < 600)
  }
})

await t.test('docs/errors.md shows the table as it is', async (t) => {
  const page = readFileSync(`${PACKAGE_ROOT}docs/errors.md`, 'utf8')
  const start = page.indexOf('| code ')
  const table = page.slice(start, page.indexOf('\n\n', start))
  const rows = [...table.matchAll(/^\| ([A-Z_]+) +\| (.*) \|$/gm)].map(([, code, cells = '']) => [
    code,
    ...cells.split('|').map((cell) => cell.trim()),
  ])
  t.same(
    rows,
    Object.entries(ERROR_TABLE).map(([code, entry]) => [
      code,
      String(entry.httpStatus),
      entry.graphqlCode,
      String(entry.closeCode),
      String(entry.grpcStatus),
      entry.retry,
    ]),
  )
})

import t from 'tap'
import { collectPages, type Page } from '../../src/cli/collect-pages.js'

/** Numbers from 1 to `total`, as pages. */
function createSource(total: number) {
  const asked: [number, number | null][] = []
  const load = async (size: number, after: number | null): Promise<Page<number, number>> => {
    asked.push([size, after])
    const from = after ?? 0
    const count = Math.min(size, total - from)
    const items = Array.from({ length: count }, (_, index) => from + index + 1)
    const last = from + count
    return { items, next: last < total ? last : null }
  }
  return { asked, load }
}

await t.test('collectPages asks page after page, and for no more than the limit', async (t) => {
  const { asked, load } = createSource(1000)
  const { items, more } = await collectPages(450, load)
  t.equal(items.length, 450)
  t.equal(items.at(-1), 450)
  t.equal(more, true)
  t.same(asked, [
    [200, null],
    [200, 200],
    [50, 400],
  ])
})

await t.test('collectPages ends with the last page', async (t) => {
  t.same(await collectPages(10, createSource(3).load), { items: [1, 2, 3], more: false })
  t.same(await collectPages(3, createSource(3).load), { items: [1, 2, 3], more: false })
  t.same(await collectPages(5, createSource(0).load), { items: [], more: false })
})

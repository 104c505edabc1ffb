import t from 'tap'
import {
  createLayer,
  isTree,
  mergeLayer,
  pointerOfPath,
  pointerTo,
  putLeaf,
  valueAt,
} from '../../src/config/tree.js'

await t.test('putLeaf makes the groups on the way and remembers the source', async (t) => {
  const layer = createLayer()
  putLeaf(layer, 'http.port', 1, 'A')
  putLeaf(layer, 'http.host', 'h', 'B')
  putLeaf(layer, 'dataDir', 'd', 'C')
  t.equal(valueAt(layer.tree, 'http.port'), 1)
  t.equal(valueAt(layer.tree, 'http.host'), 'h')
  t.equal(valueAt(layer.tree, 'dataDir'), 'd')
  t.equal(layer.sources.get('/http/port'), 'A')
})

await t.test('valueAt answers undefined for what is absent', async (t) => {
  const layer = createLayer()
  putLeaf(layer, 'a', 1, 'A')
  t.equal(valueAt(layer.tree, 'b'), undefined)
  t.equal(valueAt(layer.tree, 'a.b.c'), undefined)
  t.equal(valueAt(layer.tree, 'constructor'), undefined, 'a tree inherits nothing')
})

await t.test('mergeLayer joins groups and replaces everything else', async (t) => {
  const lower = createLayer()
  putLeaf(lower, 'http.port', 1, 'low')
  putLeaf(lower, 'http.host', 'h', 'low')
  putLeaf(lower, 'list', ['a', 'b'], 'low')
  const upper = createLayer()
  putLeaf(upper, 'http.port', 2, 'up')
  putLeaf(upper, 'list', ['c'], 'up')
  mergeLayer(lower, upper)
  t.equal(valueAt(lower.tree, 'http.port'), 2)
  t.equal(valueAt(lower.tree, 'http.host'), 'h')
  t.same(valueAt(lower.tree, 'list'), ['c'])
  t.equal(lower.sources.get('/http/port'), 'up')
  t.equal(lower.sources.get('/http/host'), 'low')
})

await t.test('mergeLayer lets an empty group change nothing', async (t) => {
  const lower = createLayer()
  putLeaf(lower, 'http.port', 1, 'low')
  putLeaf(lower, 'name', 'n', 'low')
  const upper = createLayer()
  putLeaf(upper, 'http', null, 'up')
  putLeaf(upper, 'name', null, 'up')
  mergeLayer(lower, upper)
  t.equal(valueAt(lower.tree, 'http.port'), 1)
  t.equal(valueAt(lower.tree, 'name'), null, 'but an empty value is one')
})

await t.test('a key named __proto__ is a key like any other', async (t) => {
  const lower = createLayer()
  const upper = createLayer()
  putLeaf(upper, '__proto__.polluted', true, 'up')
  mergeLayer(lower, upper)
  t.same(Object.keys(lower.tree), ['__proto__'])
  t.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

await t.test('putLeaf replaces a value that stands where a group must be', async (t) => {
  const layer = createLayer()
  putLeaf(layer, 'http', 3, 'A')
  putLeaf(layer, 'http.port', 1, 'B')
  t.equal(valueAt(layer.tree, 'http.port'), 1)
})

await t.test('pointers keep slashes and tildes of keys apart', async (t) => {
  t.equal(pointerTo('/a', 'b/c~d'), '/a/b~1c~0d')
  t.equal(pointerOfPath('store.sqlite.file'), '/store/sqlite/file')
})

await t.test('isTree takes groups only', async (t) => {
  t.ok(isTree({}))
  for (const value of [null, undefined, [], 'x', 3]) t.notOk(isTree(value))
})

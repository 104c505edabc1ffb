import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readYaml } from '../../src/config/read-yaml.js'
import { valueAt } from '../../src/config/tree.js'

async function read(t: Test, content: string): ReturnType<typeof readYaml> {
  return readYaml(join(t.testdir({ 'a.yaml': content }), 'a.yaml'), 'a.yaml')
}

await t.test('readYaml gives values with their lines', async (t) => {
  const { layer, problems } = await read(t, '# c\nhttp:\n  port: 1\n  list: [a, b]\n"x/y": 2\n')
  t.same(problems, [])
  if (layer === null) throw new Error('no layer')
  t.equal(valueAt(layer.tree, 'http.port'), 1)
  t.same(valueAt(layer.tree, 'http.list'), ['a', 'b'])
  t.equal(layer.sources.get('/http'), 'a.yaml:2')
  t.equal(layer.sources.get('/http/port'), 'a.yaml:3')
  t.equal(layer.sources.get('/x~1y'), 'a.yaml:5')
})

await t.test('readYaml takes an empty file, an empty group and odd keys', async (t) => {
  for (const content of ['', '# only a comment\n', '---\n', 'null\n']) {
    const { layer, problems } = await read(t, content)
    t.same(problems, [])
    t.same(Object.keys(layer?.tree ?? { none: 1 }), [], JSON.stringify(content))
  }
  const { layer } = await read(t, 'http:\n8080: x\n? [a]\n: 1\n__proto__: 2\n')
  t.same(Object.keys(layer?.tree ?? {}).sort(), ['8080', '["a"]', '__proto__', 'http'])
  t.equal(layer?.tree['http'], null)
})

await t.test('readYaml names file, line and column of what is broken', async (t) => {
  const broken = await read(t, 'http:\n  port: 1\n bad: 2\n')
  t.equal(broken.layer, null)
  t.same(broken.problems, [
    {
      path: 'a.yaml:3:1',
      message: 'not valid YAML: All mapping items must start at the same column',
    },
  ])
  const twice = await read(t, 'http:\n  port: 1\n  port: 2\n')
  t.same(twice.problems, [{ path: 'a.yaml:3:3', message: 'the key port is given twice' }])
  const alias = await read(t, 'a: &x 1\nb: *x\n')
  t.same(alias.problems, [
    { path: 'a.yaml:2:4', message: 'aliases are not supported; repeat the value' },
  ])
  const several = await read(t, 'a: 1\na: 2\nb: 1\nb: 2\n')
  t.equal(several.problems.length, 2, 'all of it at once')
})

await t.test('readYaml wants a map at the top', async (t) => {
  for (const content of ['- a\n', 'text\n', '42\n']) {
    const { layer, problems } = await read(t, content)
    t.equal(layer, null)
    t.same(problems, [{ path: 'a.yaml:1:1', message: 'expected a map of keys at the top' }])
  }
})

await t.test('readYaml names a file that it cannot read', async (t) => {
  const dir = t.testdir({ folder: {}, 'secret.yaml': 'a: 1\n' })
  const absent = await readYaml(join(dir, 'nope.yaml'), 'nope.yaml')
  t.equal(absent.layer, null)
  t.same(absent.problems, [{ path: 'nope.yaml', message: 'cannot read the file: no such file' }])
  const folder = await readYaml(join(dir, 'folder'), 'folder')
  t.same(folder.problems, [{ path: 'folder', message: 'cannot read the file: it is a folder' }])
  if (process.getuid?.() === 0) return
  await chmod(join(dir, 'secret.yaml'), 0)
  const locked = await readYaml(join(dir, 'secret.yaml'), 'secret.yaml')
  t.same(locked.problems, [
    { path: 'secret.yaml', message: 'cannot read the file: permission denied' },
  ])
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isMap, isScalar, parseDocument } from 'yaml'
import { DEFAULT_CONFIG_DIR } from '../../src/config/load-config.js'
import { CONFIG_KEYS, variableOf } from '../../src/config/schema.js'

/** The leaf keys of a YAML text in order, each with the comment above it. */
function documentedKeys(content: string): { path: string; comment: string }[] {
  const found: { path: string; comment: string }[] = []
  const walk = (node: unknown, prefix: string): void => {
    if (!isMap(node)) return
    for (const [index, { key, value }] of node.items.entries()) {
      if (!isScalar(key)) continue
      const path = `${prefix}${String(key.value)}`
      // The comment above the first key of a map belongs to the map.
      const comment = (key.commentBefore ?? '') + (index === 0 ? (node.commentBefore ?? '') : '')
      if (isMap(value) && !CONFIG_KEYS.some((known) => known.path === path)) walk(value, `${path}.`)
      else found.push({ path, comment })
    }
  }
  walk(parseDocument(content).contents, '')
  return found
}

await t.test('variableOf derives the name from the path', async (t) => {
  t.equal(variableOf('http.port'), 'APP_HTTP_PORT')
  t.equal(variableOf('auth.accessTokenSeconds'), 'APP_AUTH_ACCESS_TOKEN_SECONDS')
  t.equal(variableOf('store.sqlite.file'), 'APP_STORE_SQLITE_FILE')
  t.equal(variableOf('dataDir'), 'APP_DATA_DIR')
  t.equal(variableOf('api.key'), 'APP_API_KEY')
})

await t.test('no two keys share a variable, nor take one with a meaning of its own', async (t) => {
  const variables = CONFIG_KEYS.map((key) => key.variable)
  t.equal(new Set(variables).size, variables.length)
  t.notOk(variables.includes('APP_ENV'))
  t.notOk(variables.includes('APP_HOST'))
})

await t.test('common.yaml holds exactly the keys of the schema, in its order', async (t) => {
  const content = await readFile(join(DEFAULT_CONFIG_DIR, 'common.yaml'), 'utf8')
  const documented = documentedKeys(content)
  t.same(
    documented.map((key) => key.path),
    CONFIG_KEYS.map((key) => key.path),
  )
  t.ok(CONFIG_KEYS.length > 60)
  for (const { path, comment } of documented) {
    // What stands above an empty line introduces the file or the group.
    const own = comment.split('\n\n').at(-1) ?? ''
    const named = own.match(/\bAPP_[A-Z_]+\b/g) ?? []
    const isEntries = path === 'signIn.providers' || path === 'realtime.namespaces'
    const expected = isEntries
      ? [`${variableOf(path)}_`]
      : /^(?:http|socket|grpc)\.host$/.test(path)
        ? [variableOf(path), 'APP_HOST']
        : [variableOf(path)]
    t.same(named, expected, `the comment of ${path} names its variable`)
  }
})

await t.test('the overlays name only keys of the schema', async (t) => {
  const known = new Set(CONFIG_KEYS.map((key) => key.path))
  for (const environment of ['debug', 'dev', 'test', 'prod']) {
    const content = await readFile(join(DEFAULT_CONFIG_DIR, environment, 'common.yaml'), 'utf8')
    for (const { path } of documentedKeys(content)) t.ok(known.has(path), `${environment}: ${path}`)
  }
})

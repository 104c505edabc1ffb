import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

await t.test('package root is where the files read at run time lie', async (t) => {
  t.ok(isAbsolute(PACKAGE_ROOT))
  for (const folder of ['configs', 'protos', 'assets']) {
    t.ok(existsSync(join(PACKAGE_ROOT, folder)), folder)
  }
})

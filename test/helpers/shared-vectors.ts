import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

/**
 * The test vectors of that name, parsed, from a folder `shared/vectors` in or beside the repository or one of
 * the folders around it. Null where there is none, as in a plain clone.
 */
export function readSharedVectors(name: string): unknown {
  for (let folder = PACKAGE_ROOT; ; folder = dirname(folder)) {
    const file = join(folder, 'shared', 'vectors', name)
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
    if (dirname(folder) === folder) return null
  }
}

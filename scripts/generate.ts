import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PACKAGE_ROOT } from '../src/util/package-root.js'
import { generateOpenapi } from '../test/helpers/openapi.js'

// Writes the files that are made from the code and committed; the tests fail when they differ.
const file = join(PACKAGE_ROOT, 'assets', 'openapi.json')
await mkdir(dirname(file), { recursive: true })
await writeFile(file, await generateOpenapi())

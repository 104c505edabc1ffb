import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PACKAGE_ROOT } from '../src/util/package-root.js'
import { generateOpenapi } from '../test/helpers/openapi.js'
import { generateProtoTypes, PROTO_TYPES_FOLDER } from '../test/helpers/proto-types.js'

// Writes the files that are made from the code and committed; the tests fail when they differ.
const file = join(PACKAGE_ROOT, 'assets', 'openapi.json')
await mkdir(dirname(file), { recursive: true })
await writeFile(file, await generateOpenapi())

// A message that is gone must not leave its file behind.
await rm(PROTO_TYPES_FOLDER, { recursive: true, force: true })
await generateProtoTypes(PROTO_TYPES_FOLDER)

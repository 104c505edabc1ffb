import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { createTestHttp } from '../helpers/http-fakes.js'
import { generateOpenapi } from '../helpers/openapi.js'

interface Operation {
  readonly operationId: string
  readonly security?: readonly Record<string, unknown>[]
  readonly responses: Readonly<Record<string, unknown>>
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const committed = await readFile(join(PACKAGE_ROOT, 'assets', 'openapi.json'), 'utf8')
const document = JSON.parse(committed) as Document

await t.test(
  'the committed document is what the routes say (else: npm run generate)',
  async (t) => {
    t.equal(await generateOpenapi(), committed)
  },
)

await t.test('every reference leads somewhere', (t) => {
  t.equal(document.openapi, '3.1.0')
  const references = [...committed.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g)]
  t.ok(references.length > 20)
  for (const [, name] of references) {
    if (!committed.includes(`"title": "${name}"`)) t.fail(`no schema ${name}`)
  }
  t.end()
})

await t.test('what it says of credentials is true', async (t) => {
  const { server } = createTestHttp()
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const response = await server.inject({
        method: method.toUpperCase() as 'GET',
        url: path.replace('{id}', 'session-1').replace('{provider}', 'github'),
        ...(path.startsWith('/oauth/') && {
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          payload: 'token=x',
        }),
      })
      const isGuarded = operation.security !== undefined
      const isShut = response.statusCode === 401 && operation.operationId !== 'refreshToken'
      t.equal(isShut, isGuarded, operation.operationId)
      t.ok(String(response.statusCode) in operation.responses, `${operation.operationId} answer`)
    }
  }
  await server.close()
})

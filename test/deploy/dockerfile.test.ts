/** The image: its recipe is valid, and what it copies is enough to run every command. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { validate } from 'dockerfile-utils'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { assertVariables, binaryPath, exists, readHouseFile } from './deployment.js'

const DOCKERFILE = readHouseFile('Dockerfile')

/** `COPY --from=build /src/X ./Y` as [X, Y]. */
const COPIED = [...DOCKERFILE.matchAll(/^COPY --from=build \/src\/(\S+) \.\/(\S*)$/gm)].map(
  ([, from = '', to = '']) => [from, to === '' ? from : to] as const,
)

await t.test('Dockerfile: is valid, and knows the variables it sets', async (t) => {
  t.same(validate(DOCKERFILE), [])
  assertVariables(t, DOCKERFILE)
})

await t.test('Dockerfile: does not run as root, and starts the built program', async (t) => {
  t.match(DOCKERFILE, /^USER node$/m)
  t.match(DOCKERFILE, `ENTRYPOINT ["node", "${binaryPath()}"]`)
  t.ok(
    DOCKERFILE.lastIndexOf('USER node') > DOCKERFILE.lastIndexOf('COPY --from=build'),
    'the files belong to root',
  )
})

await t.test('Dockerfile: the image has Node 24, in both stages', async (t) => {
  t.same(
    [...DOCKERFILE.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image),
    ['node:24-slim', 'node:24-slim'],
  )
})

await t.test('Dockerfile: what it copies runs', async (t) => {
  t.same(
    COPIED.map(([from]) => from).filter((from) => !exists(from)),
    [],
    'all of it is there after a build',
  )
  const image = t.testdir()
  for (const [from, to] of COPIED) {
    mkdirSync(join(image, dirname(to)), { recursive: true })
    if (from === 'node_modules') symlinkSync(join(PACKAGE_ROOT, from), join(image, to))
    else cpSync(join(PACKAGE_ROOT, from), join(image, to), { recursive: true })
  }
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [binaryPath(), ...args], {
      cwd: image,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        APP_ENV: 'prod',
        APP_API_KEY: 'x'.repeat(32),
        APP_DATA_DIR: join(image, 'state'),
      },
    })
  t.match(run('--version').stdout, /^\d+\.\d+\.\d+\n$/)
  const migrated = run('migrate', 'up')
  t.equal(migrated.status, 0, migrated.stderr)
  t.ok(readdirSync(join(image, 'state')).includes('app.db'))
})

await t.test(
  '.dockerignore: keeps secrets and state out, and everything that is built in',
  async (t) => {
    const ignored = readHouseFile('.dockerignore').split('\n')
    for (const name of ['.git', '.env*', 'data', 'node_modules', 'dist'])
      t.ok(ignored.includes(name), name)
    for (const name of [
      'bin',
      'src',
      'test',
      'scripts',
      'configs',
      'protos',
      'assets',
      'tsconfig.json',
    ]) {
      t.notOk(ignored.includes(name), name)
    }
  },
)

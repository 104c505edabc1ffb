/** `npm run check` fails on a planted violation of each of its steps, and names what is wrong. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

const FILE_TIMEOUT_MS = 240_000
const SETTINGS = [
  ...['scripts/check.mjs', 'package.json', 'tsconfig.json', 'eslint.config.js', '.prettierrc.json'],
  ...['.prettierignore', '.dependency-cruiser.cjs', 'knip.json', '.gitignore'],
]
const WHOLE = ['bin', 'src', 'scripts', 'test']
/** What stands by itself. Steps that look at one file after the other find as much there, and sooner. */
const CORE = ['src/util', 'src/errors', 'src/domain']
/** What each step needs, so that nothing but what is planted is wrong. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  format: CORE,
  lint: CORE,
  types: CORE,
  boundaries: WHOLE,
  'dead-code': WHOLE,
}

t.setTimeout(FILE_TIMEOUT_MS)

/** A copy of what is checked, beside the same packages. */
function copyHouse(t: Test, sources: readonly string[]): string {
  const house = t.testdir()
  for (const name of [...SETTINGS, ...sources])
    cpSync(join(PACKAGE_ROOT, name), join(house, name), { recursive: true })
  symlinkSync(join(PACKAGE_ROOT, 'node_modules'), join(house, 'node_modules'))
  return house
}

function check(house: string, step: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/check.mjs', step], {
    cwd: house,
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}

/** By step: what is planted where, and what the step says of it. */
const PLANTED: Readonly<
  Record<
    string,
    readonly { readonly file: string; readonly text: string; readonly named: RegExp }[]
  >
> = {
  format: [
    {
      file: 'src/util/planted.ts',
      text: 'export const a = "x";\n',
      named: /src\/util\/planted\.ts/,
    },
  ],
  lint: [
    {
      file: 'src/util/planted.ts',
      text: 'export function planted(): void {\n  Promise.resolve(1)\n}\n',
      named: /no-floating-promises/,
    },
    {
      file: 'src/util/planted-long.ts',
      text: `export const planted = 1\n${'\n'.repeat(400)}`,
      named: /File has too many lines \(401\)\. Maximum allowed is 400[^]*✖ 2 problems/,
    },
  ],
  types: [
    {
      file: 'src/util/planted.ts',
      text: "export const planted: number = 'x'\n",
      named: /^src\/util\/planted\.ts.*TS2322[^\n]*\ncheck: types failed\n$/,
    },
  ],
  boundaries: [
    {
      file: 'src/auth/planted.ts',
      text: "export { listen } from '../grpc/listen.js'\n",
      named: /adapter-imports: src\/auth\/planted\.ts/,
    },
    {
      file: 'src/domain/planted.ts',
      text: "export { fastify } from 'fastify'\n",
      named: /core-has-no-packages: src\/domain\/planted\.ts/,
    },
  ],
  'dead-code': [
    {
      file: 'src/util/planted.ts',
      text: 'export const planted = 1\n',
      named: /src\/util\/planted\.ts/,
    },
  ],
}

const skip = existsSync(join(PACKAGE_ROOT, 'src')) ? false : 'the sources are not here'

for (const [step, plants] of Object.entries(PLANTED)) {
  await t.test(`check ${step} fails on what breaks it`, { skip }, async (t) => {
    const house = copyHouse(t, SOURCES[step] ?? WHOLE)
    for (const { file, text } of plants) writeFileSync(join(house, file), text)
    const { status, output } = check(house, step)
    t.not(status, 0, output)
    for (const { named } of plants) t.match(output, named)
    t.match(output, new RegExp(`check: ${step} failed`))
  })
}

await t.test('check refuses a step that it does not know', async (t) => {
  t.match(check(PACKAGE_ROOT, 'spelling'), { status: 2, output: /unknown step spelling/ })
})

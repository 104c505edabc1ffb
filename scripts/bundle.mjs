/**
 * The second half of `npm run build`: the program in a few files under dist/bundle. Node opens some hundred files
 * fewer at each start, which halves the time to ready; what a configuration does not use stays in a file
 * that is not read.
 */
import { rmSync } from 'node:fs'
import { build } from 'esbuild'

/** Packages with a native part, a worker or files of their own, which they look for beside their code. */
const EXTERNAL = [
  '@grpc/proto-loader',
  '@node-rs/argon2',
  '@photostructure/sqlite',
  'grpc-health-check',
  'pino-pretty',
]

/**
 * A package that is loaded when it is first needed stays where it is: bundled, one in the older module form would
 * have no names to import.
 */
const LATE_PACKAGES = {
  name: 'late-packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { external: true } : undefined,
    )
  },
}

/** Packages in the older module form ask for node's own modules through `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

const outdir = 'dist/bundle'
rmSync(outdir, { recursive: true, force: true })
const { warnings } = await build({
  entryPoints: ['bin/app.ts'],
  // As deep as the compiled sources: what is read at run time is found from there.
  outbase: '.',
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.20',
  external: EXTERNAL,
  plugins: [LATE_PACKAGES],
  banner: { js: REQUIRE },
  chunkNames: 'bin/[name]-[hash]',
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'linked',
  logLevel: 'warning',
})
if (warnings.length > 0) process.exitCode = 1

/** What the deployment files share with the program: its commands, its variables, its ports. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { createProgram } from '../../src/cli/run-cli.js'
import { createDefaultApps } from '../../src/cli/default-apps.js'
import { createProcessIo } from '../../src/cli/process-io.js'
import { CONFIG_KEYS } from '../../src/config/schema.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

export type Yaml = Readonly<Record<string, unknown>>

/** Variables that are read before the configuration is. */
const MORE_VARIABLES = ['APP_ENV', 'APP_HOST']

export const SERVICE_PORTS: Readonly<Record<string, number>> = {
  http: 8080,
  socket: 30000,
  grpc: 9090,
}

export function readHouseFile(...path: string[]): string {
  return readFileSync(join(PACKAGE_ROOT, ...path), 'utf8')
}

/** The path of the built program from the top of the house. */
export function binaryPath(): string {
  const { bin } = JSON.parse(readHouseFile('package.json')) as { bin: { app: string } }
  return bin.app
}

export function assertVariables(t: Test, text: string): void {
  const known = new Set([...CONFIG_KEYS.map(({ variable }) => variable), ...MORE_VARIABLES])
  const used = new Set([...text.matchAll(/\bAPP_[A-Z0-9_]+/g)].map(([name]) => name))
  t.ok(used.size > 0, 'it sets variables')
  t.same(
    [...used].filter((name) => !known.has(name)),
    [],
    'every variable exists',
  )
}

/** Whether the words are a command of the program, with arguments it takes. */
export function assertCommand(t: Test, words: readonly string[]): void {
  const program = createProgram({
    io: createProcessIo(),
    apps: createDefaultApps(),
    exitCode: 0,
    debug: false,
  })
  let command = program
  const rest = [...words]
  for (;;) {
    const next = command.commands.find((candidate) => candidate.name() === rest[0])
    if (!next) break
    command = next
    rest.shift()
  }
  t.ok(command !== program, `app ${words.join(' ')} is a command`)
  t.ok(
    rest.length <= command.registeredArguments.length,
    `app ${words.join(' ')} takes its arguments`,
  )
}

export function parseYaml(text: string): Yaml {
  return parse(text, { merge: true }) as Yaml
}

/** Runs a tool that may be absent; null then. */
export function runTool(
  command: string,
  args: readonly string[],
): { status: number | null; output: string } | null {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd: PACKAGE_ROOT,
    encoding: 'utf8',
  })
  return error ? null : { status, output: stdout + stderr }
}

export function exists(path: string): boolean {
  return existsSync(join(PACKAGE_ROOT, path))
}

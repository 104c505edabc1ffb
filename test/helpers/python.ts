import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

const run = promisify(execFile)
const PYTHON = '/usr/bin/python3'

/** Why the foreign client cannot run; false when it can. With REQUIRE_SERVICES=1 that is a failure. */
export async function pythonMissing(): Promise<string | false> {
  if (process.env['REQUIRE_SERVICES'] === '1') return false
  try {
    await run(PYTHON, ['-c', 'import grpc, google.protobuf'])
    return false
  } catch {
    return `${PYTHON} cannot import grpc and google.protobuf (Debian: python3-grpcio, python3-protobuf)`
  }
}

/** Runs a script of test/fixtures, which prints one JSON object. */
export async function runPython(script: string, ...args: string[]): Promise<unknown> {
  const file = join(PACKAGE_ROOT, 'test/fixtures', script)
  const { stdout } = await run(PYTHON, [file, ...args])
  return JSON.parse(stdout) as unknown
}

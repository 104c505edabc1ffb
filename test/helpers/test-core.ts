import { PassThrough } from 'node:stream'
import type { Test } from 'tap'
import { type Core, createCore } from '../../src/app/create-core.js'
import type { Config } from '../../src/config/schema.js'
import { testConfig } from './app-config.js'

/** A ready core over a folder of the test's own, closed at its end. */
export async function openTestCore(
  t: Test,
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<{ core: Core; config: Config }> {
  const config = await testConfig(t.testdir(), overrides)
  const core = await createCore({ config, processKind: 'test', logStream: new PassThrough() })
  t.teardown(() => core.lifecycle.close())
  core.readiness.set(true)
  return { core, config }
}

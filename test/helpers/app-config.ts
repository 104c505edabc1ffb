import type { Config } from '../../src/config/schema.js'
import { DEFAULT_CONFIG_DIR, loadConfig } from '../../src/config/load-config.js'

/** The configuration of the test environment over a folder, all ports free, the log silent. */
export async function testConfig(
  dataDir: string,
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<Config> {
  const { config } = await loadConfig({
    env: {},
    configDir: DEFAULT_CONFIG_DIR,
    cwd: dataDir,
    environment: 'test',
    overrides: {
      dataDir,
      'http.port': 0,
      'socket.port': 0,
      'grpc.port': 0,
      'log.level': 'silent',
      'log.format': 'json',
      ...overrides,
    },
  })
  return config
}

import t from 'tap'
import type { AdminApp, CallApp, CertificateApp, MigrationApp } from '../../src/cli/cli-apps.js'
import { type AppModules, createDefaultApps } from '../../src/cli/default-apps.js'
import { DEFAULT_CONFIG_DIR, loadConfig } from '../../src/config/load-config.js'
import { createFakeIo, createFakeRunningApp } from './fake-cli.js'

const { config } = await loadConfig({ env: {}, configDir: DEFAULT_CONFIG_DIR, cwd: '/' })

/** Modules that say which of them were loaded and with what their factories were called. */
function createFakeModules(): { modules: AppModules; loaded: string[]; calls: unknown[] } {
  const loaded: string[] = []
  const calls: unknown[] = []
  const running = createFakeRunningApp()
  const create =
    (name: string) =>
    async (options: object): Promise<{ start: () => Promise<typeof running> }> => {
      calls.push([name, options])
      return { start: async () => ({ ...running, dataLocation: name }) }
    }
  const load = <T>(name: string, module: T) => {
    return async (): Promise<T> => {
      loaded.push(name)
      return module
    }
  }
  const modules: AppModules = {
    http: load('http', { createHttpApp: create('http') }),
    socket: load('socket', { createSocketApp: create('socket') }),
    grpc: load('grpc', { createGrpcApp: create('grpc') }),
    allInOne: load('allInOne', { createAllInOne: create('allInOne') }),
    admin: load('admin', {
      createAdminApp: async (options: object) => {
        calls.push(['admin', options])
        return { close: async () => void calls.push(['closed']) } as unknown as AdminApp
      },
    }),
    migrations: load('migrations', {
      createMigrationApp: async (options: object) => {
        calls.push(['migrations', options])
        return { close: async () => void calls.push(['closed']) } as unknown as MigrationApp
      },
    }),
    health: load('health', {
      checkHealth: async (options: object) => {
        calls.push(['health', options])
        return { ready: true, parts: {} }
      },
    }),
    calls: load('calls', {
      createCallApp: (options: object) => {
        calls.push(['calls', options])
        return { close: async () => void calls.push(['closed']) } as unknown as CallApp
      },
    }),
    certificates: load('certificates', {
      createCertificateApp: () => {
        calls.push(['certificates'])
        return {} as CertificateApp
      },
    }),
    socketClient: load('socketClient', {
      runSocketClient: async (options: object) => {
        calls.push(['socketClient', options])
        return 7
      },
    }),
  }
  return { modules, loaded, calls }
}

await t.test('each service loads and starts its own module only', async (t) => {
  const cases = [
    ['startHttp', 'http'],
    ['startSocket', 'socket'],
    ['startGrpc', 'grpc'],
    ['startAll', 'allInOne'],
  ] as const
  for (const [start, module] of cases) {
    const { modules, loaded, calls } = createFakeModules()
    const apps = createDefaultApps(modules)
    t.same(loaded, [], 'nothing is loaded before it is asked for')
    const running = await apps[start](config, 'debug')
    t.equal(running.dataLocation, module)
    t.same(loaded, [module])
    t.same(calls, [[module, { config, environment: 'debug' }]])
  }
})

await t.test('openAdmin and openMigrations load what they need', async (t) => {
  for (const [open, module] of [
    ['openAdmin', 'admin'],
    ['openMigrations', 'migrations'],
  ] as const) {
    const { modules, loaded, calls } = createFakeModules()
    const app = await createDefaultApps(modules)[open](config)
    await app.close()
    t.same(loaded, [module])
    t.same(calls, [[module, { config }], ['closed']])
  }
})

await t.test('runSocketClient hands on its options and its exit code', async (t) => {
  const { modules, calls } = createFakeModules()
  const { stdin, stdout, stderr } = createFakeIo()
  const options = {
    url: 'ws://x',
    input: stdin,
    output: stdout,
    errorOutput: stderr,
    signal: new AbortController().signal,
    json: null,
    stay: false,
  }
  t.equal(await createDefaultApps(modules).runSocketClient(options), 7)
  t.equal((calls[0] as unknown[])[1], options)
})

await t.test('createDefaultApps loads nothing by itself', async (t) => {
  t.same(Object.keys(createDefaultApps()).sort(), [
    'checkHealth',
    'openAdmin',
    'openCalls',
    'openCertificates',
    'openMigrations',
    'runSocketClient',
    'startAll',
    'startGrpc',
    'startHttp',
    'startSocket',
  ])
})

await t.test('a health check loads its own module only', async (t) => {
  const { modules, loaded, calls } = createFakeModules()
  t.match(await createDefaultApps(modules).checkHealth(config, 'grpc'), { ready: true })
  t.same(loaded, ['health'])
  t.same(calls, [['health', { service: 'grpc', config }]])
})

await t.test('calls and certificates load their own module only', async (t) => {
  const { modules, loaded, calls } = createFakeModules()
  const apps = createDefaultApps(modules)
  await (await apps.openCalls(config)).close()
  await apps.openCertificates()
  t.same(loaded, ['calls', 'certificates'])
  t.same(calls, [['calls', { config }], ['closed'], ['certificates']])
})

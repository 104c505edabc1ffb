import type { Config } from '../config/schema.js'
import type {
  AdminApp,
  CallApp,
  CertificateApp,
  CliHealth,
  CliService,
  CliApps,
  MigrationApp,
  RunningApp,
  SocketClientOptions,
} from './cli-apps.js'

interface AppOptions {
  readonly config: Config
  readonly environment: string
}

/** A service that has been put together but does not listen yet. */
interface StartableApp {
  start(): Promise<RunningApp>
}

type CreateApp = (options: AppOptions) => StartableApp | Promise<StartableApp>

/** The modules of `src/app`, each loaded by the first call. */
export interface AppModules {
  http(): Promise<{ readonly createHttpApp: CreateApp }>
  socket(): Promise<{ readonly createSocketApp: CreateApp }>
  grpc(): Promise<{ readonly createGrpcApp: CreateApp }>
  allInOne(): Promise<{ readonly createAllInOne: CreateApp }>
  admin(): Promise<{
    readonly createAdminApp: (options: { readonly config: Config }) => Promise<AdminApp>
  }>
  migrations(): Promise<{
    readonly createMigrationApp: (options: { readonly config: Config }) => Promise<MigrationApp>
  }>
  health(): Promise<{
    readonly checkHealth: (options: {
      readonly service: CliService
      readonly config: Config
    }) => Promise<CliHealth>
  }>
  calls(): Promise<{
    readonly createCallApp: (options: { readonly config: Config }) => CallApp
  }>
  certificates(): Promise<{ readonly createCertificateApp: () => CertificateApp }>
  socketClient(): Promise<{
    readonly runSocketClient: (options: SocketClientOptions) => Promise<number>
  }>
}

const MODULES: AppModules = {
  http: () => import('../app/create-http-app.js'),
  socket: () => import('../app/create-socket-app.js'),
  grpc: () => import('../app/create-grpc-app.js'),
  allInOne: () => import('../app/create-all-in-one.js'),
  admin: () => import('../app/create-admin-app.js'),
  migrations: () => import('../app/create-migration-app.js'),
  health: () => import('../app/check-health.js'),
  calls: () => import('../app/create-call-app.js'),
  certificates: () => import('../app/create-certificate-app.js'),
  socketClient: () => import('../app/run-socket-client.js'),
}

/** The applications of `src/app`. A command pays for loading its own and no other. */
export function createDefaultApps(modules: AppModules = MODULES): CliApps {
  return {
    startHttp: async (config, environment) => {
      const { createHttpApp } = await modules.http()
      return (await createHttpApp({ config, environment })).start()
    },
    startSocket: async (config, environment) => {
      const { createSocketApp } = await modules.socket()
      return (await createSocketApp({ config, environment })).start()
    },
    startGrpc: async (config, environment) => {
      const { createGrpcApp } = await modules.grpc()
      return (await createGrpcApp({ config, environment })).start()
    },
    startAll: async (config, environment) => {
      const { createAllInOne } = await modules.allInOne()
      return (await createAllInOne({ config, environment })).start()
    },
    checkHealth: async (config, service) => {
      const { checkHealth } = await modules.health()
      return checkHealth({ config, service })
    },
    openAdmin: async (config) => {
      const { createAdminApp } = await modules.admin()
      return createAdminApp({ config })
    },
    openMigrations: async (config) => {
      const { createMigrationApp } = await modules.migrations()
      return createMigrationApp({ config })
    },
    openCalls: async (config) => {
      const { createCallApp } = await modules.calls()
      return createCallApp({ config })
    },
    openCertificates: async () => {
      const { createCertificateApp } = await modules.certificates()
      return createCertificateApp()
    },
    runSocketClient: async (options) => {
      const { runSocketClient } = await modules.socketClient()
      return runSocketClient(options)
    },
  }
}

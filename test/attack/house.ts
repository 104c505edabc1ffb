import { createHash, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { Test } from 'tap'
import { createAllInOne } from '../../src/app/create-all-in-one.js'
import { createAuth } from '../../src/app/create-auth.js'
import { systemClock } from '../../src/app/system-clock.js'
import type { Config } from '../../src/config/schema.js'
import type { KeyAlgorithm } from '../../src/domain/token.js'
import { openSqliteStore } from '../../src/repository/sqlite-store.js'
import { testConfig } from '../helpers/app-config.js'
import { registerAndLogin, type SignedIn } from '../helpers/http-client.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { encode, signParts } from '../helpers/test-keys.js'

/** Everything that an attack must not change. The audit log is left out: it may tell of the attack. */
const TABLES = ['users', 'identities', 'sessions', 'ended_sessions', 'one_time_values']

/** A service that may ask about tokens. */
export const OAUTH_CLIENT = 'attacked-service:not-a-secret-but-of-32-characters'

/** A part of a token: an object, or the very text. */
type Part = object | string

/** All three services in this process, over the network, with what an attacker cannot have: the signing key. */
export interface AttackHouse {
  readonly config: Config
  readonly http: string
  /** `host:port`. */
  readonly httpAddress: string
  readonly socket: string
  readonly grpc: string
  /** Two people who are signed in. */
  readonly ada: SignedIn
  readonly eve: SignedIn
  /** The claims of a token that ada could hold. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly header: { readonly alg: KeyAlgorithm; readonly kid: string; readonly typ: string }
  readonly publicKey: KeyObject
  /** A token with these parts in place of the right ones, signed by the key that signs. */
  readonly craft: (change: { header?: Part; payload?: Part }) => string
  /** A digest of all state, to see that nothing changed. */
  state(): string
  /** The whole log. */
  log(): string
  readonly logLines: readonly Readonly<Record<string, unknown>>[]
}

export async function openAttackHouse(
  t: Test,
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<AttackHouse> {
  const config = await testConfig(t.testdir(), {
    'auth.algorithm': 'ES256',
    'log.level': 'debug',
    'oauth.clients': [OAUTH_CLIENT],
    ...overrides,
  })
  const log = createLogRecorder()
  const app = createAllInOne({ config, environment: 'test', logStream: log.stream })
  const running = await app.start()
  t.teardown(() => running.close())
  const addressOf = (name: string): string =>
    (running.addresses.find((one) => one.name === name)?.url ?? '').replace('http://', '')
  const http = `http://${addressOf('http')}`

  const auth = await createAuth({ config, clock: systemClock, logger: createMemoryLogger() })
  t.teardown(() => auth.keyRing.close())
  const key = auth.keyRing.signingKey()
  const store = openSqliteStore({
    file: join(config.dataDir, config.store.sqlite.file),
    ...{ busyTimeoutMs: 5_000, synchronous: 'normal' },
  })
  t.teardown(() => store.close())

  const ada = await registerAndLogin(http, 'ada')
  const eve = await registerAndLogin(http, 'eve')
  const header = { alg: key.algorithm, kid: key.id, typ: 'at+jwt' }
  const [, payload = ''] = ada.accessToken.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const text = (part: Part): string => (typeof part === 'string' ? part : JSON.stringify(part))
  return {
    ...{ config, http, ada, eve, claims, header },
    publicKey: key.publicKey,
    httpAddress: addressOf('http'),
    socket: addressOf('socket'),
    grpc: addressOf('grpc'),
    craft: (change) => {
      const parts = [change.header ?? header, change.payload ?? claims].map(text).map(encode)
      return signParts(key.algorithm, key.privateKey, parts[0] ?? '', parts[1] ?? '')
    },
    state: () =>
      store.read((connection) => {
        const rows = TABLES.map((table) => connection.prepare(`SELECT * FROM ${table}`).all())
        return createHash('sha256').update(JSON.stringify(rows)).digest('hex')
      }),
    log: log.text,
    logLines: log.lines,
  }
}

function createLogRecorder() {
  const lines: Record<string, unknown>[] = []
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const text = chunk.toString()
      chunks.push(text)
      for (const line of text.split('\n').filter(Boolean)) {
        lines.push(JSON.parse(line) as Record<string, unknown>)
      }
      done()
    },
  })
  return { stream, lines, text: () => chunks.join('') }
}

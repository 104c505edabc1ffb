/** The built binary and a client of another language, which knows nothing but the names of the services. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { API_KEY, type AppProcess, runApp, startApp } from '../helpers/app-process.js'
import { joinChannel } from '../helpers/channel-client.js'
import { login, PASSWORD, registerAndLogin } from '../helpers/http-client.js'
import { pythonMissing, runPython } from '../helpers/python.js'
import { waitFor } from '../helpers/wait-for.js'

const skip = await pythonMissing()

const ROOM = 'room:python'
const ROOMS = {
  APP_REALTIME_NAMESPACES_ROOM_HISTORY_SIZE: '10',
  APP_REALTIME_NAMESPACES_ROOM_RECOVERY: 'true',
  APP_REALTIME_NAMESPACES_ROOM_PRESENCE: 'true',
  APP_REALTIME_NAMESPACES_ROOM_PUBLISH: 'subscriber',
}

async function accounts(app: AppProcess, dataDir: string) {
  const url = `http://${app.address('http')}`
  const user = await registerAndLogin(url, 'ada')
  const args = ['user', 'create', '--username', 'root', '--role', 'admin', '--password-stdin']
  await runApp(args, { dataDir, input: PASSWORD })
  const admin = await login(url, 'root')
  return {
    apiKey: API_KEY,
    adminToken: admin.accessToken,
    adminId: admin.userId,
    userToken: user.accessToken,
    sessionId: user.sessionId,
    userId: user.userId,
  }
}

/** People in a room, with the published client library: two connections of the user, and the administrator. */
async function fillRoom(t: Test, app: AppProcess, known: Awaited<ReturnType<typeof accounts>>) {
  const join = (token: string) => joinChannel(t, app.address('socket'), { token }, ROOM)
  const leaving = await join(known.userToken)
  const staying = await join(known.userToken)
  const other = await join(known.adminToken)
  await leaving.sub.publish({ n: 1 })
  const clients = [leaving, staying, other]
  const connections = clients.map((client) => client.connectionId())
  const [leavingId = '', stayingId = '', otherId = ''] = connections
  const { userId, adminId } = known

  /** What python saw of the room and did to it, and what the people in it saw of that. */
  async function check(answer: unknown): Promise<void> {
    const live = answer as {
      readonly presence: { readonly clients: readonly { readonly connection_id: string }[] }
      readonly whole: { readonly position: { readonly epoch: string } }
    }
    const byId = (a: { connection_id: string }, b: { connection_id: string }): number =>
      a.connection_id < b.connection_id ? -1 : 1
    const entry = (connection_id: string, user_id: string) => ({ connection_id, user_id })
    const { epoch } = live.whole.position
    t.match(epoch, /./)
    const position = { offset: '3', epoch }
    const info = entry(leavingId, userId)
    const pubs = [
      { offset: '1', data: '{"n":1}', info },
      { offset: '2', data: '{"n": 2}', tags: { by: 'python' } },
      { offset: '3', data: '{"n": 3}', tags: { by: 'python' } },
    ]
    const processes = { asked: 1, answered: 1 }
    t.strictSame(
      { ...live, presence: [...live.presence.clients].sort(byId) },
      {
        presence: [info, entry(stayingId, userId), entry(otherId, adminId)].sort(byId),
        published: { position, receipt: { written: 3, processes } },
        whole: { publications: pubs, position },
        since: { publications: pubs.slice(1, 2), position },
        reverse: { publications: [pubs[2], pubs[1]], position },
        top: { position },
        disconnected: { connections: 1, processes },
        after: [stayingId, otherId].sort(),
      },
    )
    // The second call closes what the user has left, with the usual code.
    const usual = 'disconnected 3503 force disconnect'
    await waitFor('the second end', () => staying.events.length > 1)
    t.strictSame(leaving.events, ['connected', 'disconnected 4700 python says so'])
    t.strictSame(staying.events, ['connected', usual])
    for (const { data } of clients) t.strictSame(data, [{ n: 1 }, { n: 2 }, { n: 3 }])
    // Python has ended the session of the administrator since.
    await waitFor('the end of the session', () => other.events.length > 2)
    t.strictSame(other.events.slice(1), [
      'message ended_by_admin',
      'disconnected 4500 ended_by_admin',
    ])
  }
  return { config: { room: ROOM, connections }, check }
}

/** What holds whether the line is plain or not. */
function checkCalls(
  t: Test,
  answers: unknown,
  known: Awaited<ReturnType<typeof accounts>>,
): asserts answers is { readonly live: unknown } {
  const { userId, sessionId, adminId } = known
  const active = {
    active: true,
    principal: { user_id: userId, session_id: sessionId, role: 'user' },
  }
  const position = /^[0-9a-f]{16}\.\d+\./
  t.match(answers, {
    services: [
      'gatehouse.v1.RealtimeService',
      'gatehouse.v1.SessionService',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'hello.HelloService',
    ],
    sameInAlpha: true,
    imports: ['google/protobuf/timestamp.proto'],
    missing: [5, 5],
    published: { position: { offset: '1' }, receipt: { processes: { asked: 1, answered: 1 } } },
    history: { publications: [{ offset: '1', data: '{"n":1}' }], position: { offset: '1' } },
    noPresence: { code: 'FAILED_PRECONDITION', reason: 'presence_disabled' },
    disconnected: { connections: 1, processes: { asked: 1, answered: 1 } },
    hello: { id: 1, name: 'hello world' },
    health: { status: 'SERVING' },
    verify: active,
    batch: {
      verdicts: [
        { active: true, principal: { user_id: adminId } },
        { reason: 'token_malformed' },
        active,
      ],
    },
    deadline: 'DEADLINE_EXCEEDED',
    userMayNotWatch: { code: 'PERMISSION_DENIED', reason: 'admin_only' },
    end: { ended: 1, processes_asked: 1, processes_answered: 1 },
    events: [
      { started: { snapshot: true, remember_seconds: 600, heartbeat_interval_ms: 10_000 } },
      { caught_up: {}, position },
      {
        position,
        revocations: {
          revocations: [
            { session_id: sessionId, user_id: userId, reason: 'user_frozen', ended_at: String },
          ],
        },
      },
    ],
    cancelled: 'CANCELLED',
    resumed: [{ started: {} }, { revocations: { revocations: [{ session_id: sessionId }] } }],
    tooOld: { code: 'FAILED_PRECONDITION', reason: 'position_expired' },
    revoked: { code: 'UNAUTHENTICATED', reason: 'ended_by_admin' },
  })
}

await t.test('a python client calls every kind of method on a plain line', { skip }, async (t) => {
  const dataDir = t.testdir({})
  const app = await startApp(t, 'up', { dataDir, env: ROOMS })
  const known = await accounts(app, dataDir)
  const room = await fillRoom(t, app, known)
  const config = { ...known, ...room.config, address: app.address('grpc'), tls: null }
  const answers = await runPython('grpc_reflection_client.py', JSON.stringify(config))
  checkCalls(t, answers, known)
  await room.check(answers.live)
  t.match(answers, { noKey: { code: 'UNAUTHENTICATED', reason: 'api_key_invalid' } })
  t.strictSame(await app.stop(), { code: 0, signal: null })
})

await t.test('mutual TLS lets in who is on the list, and says why not', { skip }, async (t) => {
  const dataDir = t.testdir({})
  const [house, foreign] = [join(dataDir, 'certs'), join(dataDir, 'foreign')]
  const create = ['certs', 'create', '--client', 'billing', 'stranger']
  t.match(await runApp(create, { dataDir }), { code: 0 })
  t.match(await runApp([...create, '--dir', foreign], { dataDir }), { code: 0 })
  const env = {
    ...ROOMS,
    APP_GRPC_TLS_CERT_FILE: join(house, 'server.pem'),
    APP_GRPC_TLS_KEY_FILE: join(house, 'server.key'),
    APP_GRPC_TLS_CLIENT_CA_FILE: join(house, 'ca.pem'),
    APP_GRPC_TLS_ALLOWED_NAMES: 'billing',
    APP_GRPC_HEALTH_ADDRESS: '127.0.0.1:0',
    APP_GRPC_CLIENT_CA_FILE: join(house, 'ca.pem'),
    APP_GRPC_CLIENT_CERT_FILE: join(house, 'billing.pem'),
    APP_GRPC_CLIENT_KEY_FILE: join(house, 'billing.key'),
  }
  const app = await startApp(t, 'up', { dataDir, env })
  const known = await accounts(app, dataDir)
  const room = await fillRoom(t, app, known)
  const address = app.address('grpc').replace('127.0.0.1', 'localhost')
  const config = {
    ...{ ...known, ...room.config, address },
    tls: {
      ca: env.APP_GRPC_TLS_CLIENT_CA_FILE,
      cert: env.APP_GRPC_CLIENT_CERT_FILE,
      key: env.APP_GRPC_CLIENT_KEY_FILE,
      strangerCert: join(house, 'stranger.pem'),
      strangerKey: join(house, 'stranger.key'),
      foreignCert: join(foreign, 'billing.pem'),
      foreignKey: join(foreign, 'billing.key'),
      foreignCa: join(foreign, 'ca.pem'),
    },
  }
  const answers = await runPython('grpc_reflection_client.py', JSON.stringify(config))
  checkCalls(t, answers, known)
  await room.check(answers.live)
  const refused = /^(UNAVAILABLE|DEADLINE_EXCEEDED)$/
  t.match(answers, {
    noCertificate: refused,
    wrongName: refused,
    wrongAuthority: refused,
    foreignServer: refused,
  })
  const reasons = new Set(
    app.log.filter(({ msg }) => msg === 'TLS handshake refused').map(({ reason }) => reason),
  )
  for (const reason of [
    'peer_did_not_return_a_certificate',
    'peer_name_not_allowed',
    'unable_to_verify_leaf_signature',
  ]) {
    t.ok(reasons.has(reason), `${reason} in ${[...reasons].join(', ')}`)
  }
  const cli = await runApp(['call', 'hello', '--id', '1', '--address', address], { dataDir, env })
  t.match(cli, { code: 0, stderr: '' })
  t.strictSame(JSON.parse(cli.stdout), { id: 1, name: 'hello world' })
})

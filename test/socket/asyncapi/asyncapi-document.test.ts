import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import t from 'tap'
import { asyncapiDocument } from '../../../src/socket/asyncapi/asyncapi-document.js'
import {
  DISCONNECTS,
  REPLY_ERRORS,
  UNSUBSCRIBES,
} from '../../../src/socket/protocols/centrifuge/code.js'
import { METHODS } from '../../../src/socket/protocols/centrifuge/command.js'
import { PACKAGE_ROOT } from '../../../src/util/package-root.js'
import { waitFor } from '../../helpers/wait-for.js'
import { openWire } from '../protocols/centrifuge/wire-client.js'
import { startSocketServer } from '../socket-server.js'

/** A validator for a message of the document. */
function createValidators() {
  const document = asyncapiDocument()
  const ajv = new Ajv({ strict: false })
  ajv.addSchema({ ...document, $id: 'document' })
  return (message: string) => {
    const validate = ajv.compile({
      $ref: `document#/components/messages/${message}/payload`,
    })
    return (value: unknown): string | null =>
      validate(value) ? null : `${JSON.stringify(value)}: ${ajv.errorsText(validate.errors)}`
  }
}

/** Every `$ref` of the document leads somewhere. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, child]) =>
    name === '$ref' && typeof child === 'string' ? [child] : references(child),
  )
}

await t.test('the document is whole', async (t) => {
  const document = asyncapiDocument()
  t.equal(document['asyncapi'], '3.0.0')
  for (const reference of references(document)) {
    const found = reference
      .slice(2)
      .split('/')
      .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], document)
    t.ok(found, reference)
  }
})

await t.test('it says what is said on the wire', async (t) => {
  const validators = createValidators()
  const [command, reply, push, ping] = ['command', 'reply', 'push', 'ping'].map(validators)
  const server = await startSocketServer(t, {
    tokenGraceMs: 1_000,
    rpc: new Map([['echo', async () => '{"a":1}']]),
  })
  const expiry = { tokenExpiresAt: server.clock.now() + 60_000 }
  server.authentication.grant('token', { userId: 'ann', sessionId: 's1', ...expiry })
  const wire = await openWire(server, null)
  const gate = await server.centrifuge.subscriptionTokens.issue({
    ...{ userId: 'ann', sessionId: null, channel: 'gate:a', info: '{"n":1}' },
    expiresAt: server.clock.now() + 60_000,
  })
  const room = { channel: 'room:a' }
  const asked: [string, Record<string, unknown>][] = [
    ['connect', { token: 'token', name: 'js', subs: { 'user:ann': { recover: true } } }],
    ['subscribe', { ...room, join_leave: true, recover: true, offset: 0, epoch: '' }],
    ['subscribe', { channel: 'gate:a', token: gate }],
    ['sub_refresh', { channel: 'gate:a', token: gate }],
    ['publish', { ...room, data: { x: 1 } }],
    ['presence', room],
    ['presence_stats', room],
    ['history', { ...room, limit: 5, since: { offset: 0 } }],
    ['rpc', { method: 'echo', data: 1 }],
    ['refresh', { token: 'token' }],
    ['ping', {}],
    ['unsubscribe', room],
    ['subscribe', { channel: 'other:a' }],
  ]
  for (const [index, [method, params]] of asked.entries()) {
    t.equal(command?.({ id: index + 1, [method]: params }), null)
    await wire.ask(method, params)
  }
  t.equal(command?.({ send: { data: 1 } }), null)
  t.ok(command?.({ id: 1, fly: {} }), 'and nothing else')
  await server.realtime.subscribe({ userId: 'ann' }, 'kept:a')
  await wire.push('the subscription', (line) => 'subscribe' in line)
  await server.realtime.unsubscribe({ userId: 'ann' }, 'kept:a')
  await wire.push('its end', (line) => 'unsubscribe' in line)
  server.endSession('s1', 'logged_out')
  await wire.client.closed
  await waitFor('the message', () => wire.pushes().some((line) => 'message' in line))
  const covered = new Set<string>()
  for (const line of wire.lines()) {
    const kind = 'push' in line ? push : Object.keys(line).length === 0 ? ping : reply
    t.equal(kind?.(line), null)
    for (const name of Object.keys(line['push'] ?? line)) covered.add(name)
  }
  const expected = METHODS.filter((method) => method !== 'send')
  t.strictSame(
    [...expected, 'error', 'pub', 'message'].filter((name) => !covered.has(name)),
    [],
  )
})

await t.test(
  'the codes of the document and of docs/realtime.md are those of the server',
  async (t) => {
    const document = asyncapiDocument() as {
      channels: { centrifuge: Record<string, Record<string, unknown>> }
    }
    const text = readFileSync(`${PACKAGE_ROOT}docs/realtime.md`, 'utf8')
    for (const [member, table] of [
      ['x-disconnects', DISCONNECTS],
      ['x-unsubscribes', UNSUBSCRIBES],
      ['x-errors', REPLY_ERRORS],
    ] as const) {
      const codes = Object.values(table).map(({ code }) => String(code))
      t.strictSame(Object.keys(document.channels.centrifuge[member] ?? {}), codes.sort())
      for (const code of codes) t.match(text, new RegExp(`^\\| ${code} `, 'm'), `docs name ${code}`)
    }
    for (const method of METHODS) t.ok(text.includes(`\`${method}\``), `docs name ${method}`)
  },
)

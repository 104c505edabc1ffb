import t from 'tap'
import { readInitPayload, readPingToken } from '../../../../src/http/graphql/socket/init-payload.js'

await t.test('readInitPayload reads the tokens under any spelling of their names', async (t) => {
  const nothing = { tabToken: null, accessToken: null }
  t.strictSame(readInitPayload(undefined), nothing)
  t.strictSame(readInitPayload(null), nothing)
  t.strictSame(readInitPayload({ 'Session-ID': '', more: 1 }), nothing)
  t.strictSame(readInitPayload({ 'session-id': 'tab', ACCESSTOKEN: 'at' }), {
    tabToken: 'tab',
    accessToken: 'at',
  })
  t.equal(readInitPayload({ Authorization: 'bearer  at' }).accessToken, 'at')
  t.equal(readInitPayload({ authorization: 'Bearer at', accessToken: 'at' }).accessToken, 'at')
})

await t.test('readInitPayload refuses what is no payload', async (t) => {
  for (const payload of [
    'text',
    1,
    [],
    { 'Session-ID': 1 },
    { accessToken: {} },
    { authorization: 'Basic abc' },
    { authorization: 'Bearer a b' },
  ]) {
    t.throws(
      () => readInitPayload(payload),
      { code: 'INVALID_ARGUMENT', reason: 'init_malformed' },
      JSON.stringify(payload),
    )
  }
  t.throws(() => readInitPayload({ authorization: 'Bearer a', accessToken: 'b' }), {
    code: 'INVALID_ARGUMENT',
    reason: 'credentials_ambiguous',
  })
})

await t.test('readPingToken finds a token in a ping', async (t) => {
  t.equal(readPingToken({ accessToken: 'at' }), 'at')
  for (const payload of [undefined, null, 'x', {}, { accessToken: 1 }]) {
    t.equal(readPingToken(payload), null)
  }
})

import t from 'tap'
import { sampleSession } from '../../../contract/sample-session.js'
import {
  ANONYMOUS,
  identityOf,
} from '../../../../src/socket/protocols/centrifuge/centrifuge-deps.js'

await t.test('an identity is what a principal proves', async (t) => {
  const ids = { userId: 'ann', sessionId: 's', clientId: 'c' }
  const principal = { ...ids, role: 'admin' as const, tokenExpiresAt: 9, session: sampleSession() }
  t.strictSame(identityOf(principal), {
    ...{ userId: 'ann', role: 'admin', sessionId: 's', expiresAt: 9 },
  })
  t.match(ANONYMOUS, { userId: '', sessionId: null, role: null, expiresAt: Infinity })
})

import { readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { createAuth } from '../../src/app/create-auth.js'
import { systemClock } from '../../src/app/system-clock.js'
import { testConfig } from '../helpers/app-config.js'
import { issueAccess } from '../helpers/issue-token.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

await t.test('auth makes key and cookie secret once and finds them again', async (t) => {
  const dataDir = t.testdir()
  const deps = { config: await testConfig(dataDir), clock: systemClock }
  const first = await createAuth({ ...deps, logger: createMemoryLogger() })
  const second = await createAuth({ ...deps, logger: createMemoryLogger() })
  t.teardown(() => Promise.all([first.keyRing.close(), second.keyRing.close()]))
  t.equal(first.keyRing.signingKey().id, second.keyRing.signingKey().id)
  const { clientId, cookieValue } = first.clientLabeler.issue()
  t.equal(second.clientLabeler.read(cookieValue), clientId)
  t.equal(statSync(`${dataDir}/secrets/cookie.key`).mode & 0o777, 0o600)
  t.equal(readFileSync(`${dataDir}/secrets/cookie.key`).length, 32)
})

await t.test('auth takes the configured key folder and cookie secret', async (t) => {
  const dataDir = t.testdir()
  const keyDir = t.testdir({ elsewhere: {} }) + '/elsewhere'
  const config = await testConfig(dataDir, {
    'auth.keyDir': keyDir,
    'auth.cookieSecret': 'a secret of thirty-two characters',
    'auth.algorithm': 'EdDSA',
  })
  const auth = await createAuth({ config, clock: systemClock, logger: createMemoryLogger() })
  t.teardown(() => auth.keyRing.close())
  t.match(await auth.keys.list(), [{ algorithm: 'EdDSA', status: 'current' }])
  t.throws(() => statSync(`${dataDir}/secrets/cookie.key`), { code: 'ENOENT' })
  const token = await issueAccess(auth.tokenIssuer, {
    userId: 'u',
    sessionId: 's',
    tokenId: 'j',
    role: 'user',
    issuedAt: Date.now(),
    expiresAt: Date.now() + 60_000,
  })
  t.match(await auth.tokenVerifier.verifyAccess(token), { userId: 'u', sessionId: 's' })
})

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { waitFor } from '../../helpers/wait-for.js'
import { openTestRedis, outcomeOf, startRedisProxy } from './redis-fixture.js'
import { claimPort } from '../../helpers/server/free-port.js'
import { startRedis } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

const skip = skipUnless('redis')
const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'redis_unavailable' }

await t.test('a connection that stalls or breaks', { skip }, async (t) => {
  const server = await startRedis(t)
  const proxy = await startRedisProxy(t, server)
  const redis = openTestRedis(t, { urls: [proxy.url], commandTimeoutMs: 10_000 })
  await redis.start()

  await t.test('openRedis notices a stalled connection by its pings', async (t) => {
    const { trust } = await redis.read('k', ['GET', 'k'])
    proxy.stall()
    await t.rejects(redis.send('k', ['GET', 'k']), UNAVAILABLE, 'long before the deadline')
    t.equal(trust?.isTrusted, false)
    await t.rejects(redis.send('k', ['GET', 'k']), UNAVAILABLE, 'new connections stall, too')
    await proxy.restore()
    await waitFor('recovery', async () => (await outcomeOf(redis.send('k', ['PING']))) === 'PONG')
  })

  await t.test('openRedis waits out a connection that breaks for a moment', async (t) => {
    const { trust: former } = await redis.read('k', ['GET', 'k'])
    await proxy.cut()
    await proxy.restore()
    await waitFor('the break', () => former?.isTrusted === false)
    const { trust } = await redis.read('k', ['GET', 'k'])
    t.equal(trust?.isTrusted, true)
  })
})

await t.test('a server that speaks TLS', { skip: skip || tlsMissing() }, async (t) => {
  const dir = t.testdir()
  const [key, cert] = [`${dir}/key.pem`, `${dir}/cert.pem`]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:redis.test']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  spawnSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject])
  const tlsPort = await claimPort()
  const files = [`tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${cert}`]
  await startRedis(t, { lines: [`tls-port ${tlsPort}`, ...files, 'tls-auth-clients no'] })
  const urls = [`rediss://127.0.0.1:${tlsPort}`]

  const ca = readFileSync(cert, 'utf8')
  const trusting = openTestRedis(t, { urls, tls: { ca, servername: 'redis.test' } })
  await trusting.start()
  t.equal(await trusting.send('k', ['PING']), 'PONG')
  const stranger = openTestRedis(t, { urls, startTimeoutMs: 300 })
  await t.rejects(stranger.start(), UNAVAILABLE, 'a certificate that nobody vouches for')
})

/** Why the test with TLS is skipped; false when it is not. */
function tlsMissing(): string | false {
  return spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not on PATH'
}

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { claimPort, releasePort } from './free-port.js'
import { baseFolder } from './run-folder.js'

const options = { skip: process.platform === 'linux' ? false : 'needs /proc' }

await t.test('claimPort never gives a port twice until it is released', options, async (t) => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => claimPort()))
  t.teardown(() => Promise.all(ports.map(releasePort)))
  t.equal(new Set(ports).size, 20)
  t.ok(
    ports.every((port) => port >= 20_000 && port < 32_000),
    'below those of outgoing connections',
  )
  const [taken = 0] = ports
  await t.rejects(
    claimPort(() => taken),
    { message: /no free port/ },
  )
  await releasePort(taken)
  t.equal(await claimPort(() => taken), taken)
})

await t.test('claimPort leaves out a port somebody listens on', options, async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const free = await claimPort()
  await releasePort(free)
  const picks = [port, free]
  t.equal(await claimPort(() => picks.shift() ?? 0), free)
  t.equal(existsSync(`${await baseFolder()}/port-${port}`), false, 'the claim was given up')
  await releasePort(free)
})

import { chmodSync } from 'node:fs'
import t from 'tap'
import { findServices, requireBinaries, skipUnless } from './service-binary.js'

function surroundings(path: string, env: NodeJS.ProcessEnv = {}) {
  return { env: { PATH: path, ...env }, platform: 'linux' as const, systemFolders: [] }
}

await t.test('findServices finds executables in the order of PATH', async (t) => {
  const folder = t.testdir({ first: { 'redis-server': '' }, second: { 'redis-server': '' } })
  chmodSync(`${folder}/second/redis-server`, 0o755)
  const here = surroundings(`${folder}/first:${folder}/second`)
  t.equal(findServices(here).redis, `${folder}/second/redis-server`, 'the first is no executable')
})

await t.test('findServices takes mysqld when it is a MariaDB with its installer', async (t) => {
  const folder = t.testdir({ mysqld: '', mariadbd: '', mysql_install_db: '' })
  for (const name of ['mysqld', 'mysql_install_db']) chmodSync(`${folder}/${name}`, 0o755)
  const [server, installer] = requireBinaries('mariadb', surroundings(folder))
  t.equal(server, `${folder}/mysqld`, 'its mariadbd is no executable')
  t.equal(installer, `${folder}/mysql_install_db`)
})

await t.test('the folders for servers are searched after PATH', async (t) => {
  const folder = t.testdir({ sbin: { 'redis-server': '' } })
  chmodSync(`${folder}/sbin/redis-server`, 0o755)
  const here = { ...surroundings('/nowhere'), systemFolders: [`${folder}/sbin`] }
  t.equal(findServices(here).redis, `${folder}/sbin/redis-server`)
})

await t.test('a missing binary is named in the reason and in the error', async (t) => {
  const nowhere = surroundings(t.testdir())
  t.equal(findServices(nowhere).redis, null)
  t.equal(skipUnless('redis', nowhere), 'redis-server is not on PATH')
  t.equal(skipUnless(['redis', 'mariadb'], nowhere), 'redis-server is not on PATH')
  t.throws(() => requireBinaries('redis', nowhere), { message: 'redis-server is not on PATH' })
})

await t.test('a server without its installer is missing too', async (t) => {
  const folder = t.testdir({ mariadbd: '' })
  chmodSync(`${folder}/mariadbd`, 0o755)
  t.equal(
    skipUnless('mariadb', surroundings(folder)),
    'mariadb-install-db or mysql_install_db is not on PATH',
  )
})

await t.test('REQUIRE_SERVICES=1 skips nothing, so that the start fails', async (t) => {
  const nowhere = surroundings(t.testdir(), { REQUIRE_SERVICES: '1' })
  t.equal(skipUnless('redis', nowhere), false)
  t.equal(
    skipUnless('redis', surroundings(t.testdir(), { REQUIRE_SERVICES: '0' })) === false,
    false,
  )
  t.throws(() => requireBinaries('redis', nowhere), { message: 'redis-server is not on PATH' })
})

await t.test('another platform is said plainly', async (t) => {
  const mac = { env: process.env, platform: 'darwin' as const, systemFolders: [] }
  t.strictSame(findServices(mac), { mariadb: null, redis: null })
  t.match(skipUnless('mariadb', { ...mac, env: {} }), /need Linux, this is darwin/)
})

await t.test('what skipUnless lets through can be required', { skip: skipUnless('redis') }, (t) => {
  t.match(requireBinaries('redis')[0], /redis-server$/)
  t.equal(findServices().redis, requireBinaries('redis')[0])
  t.end()
})

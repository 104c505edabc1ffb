import t from 'tap'
import { DEFAULT_ENVIRONMENT, ENVIRONMENTS, findEnvironment } from '../../src/config/environment.js'

await t.test('findEnvironment knows the four names and no other', async (t) => {
  t.same(ENVIRONMENTS, ['debug', 'dev', 'test', 'prod'])
  for (const name of ENVIRONMENTS) t.equal(findEnvironment(name), name)
  for (const name of ['', 'Debug', 'production', '../prod']) t.equal(findEnvironment(name), null)
  t.equal(DEFAULT_ENVIRONMENT, 'debug')
})

import t from 'tap'
import { createGraphqlLines } from '../../src/app/graphql-lines.js'
import { testConfig } from '../helpers/app-config.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

await t.test('the lines of GraphQL begin empty and close at once', async (t) => {
  const config = await testConfig(t.testdir())
  const lines = createGraphqlLines(config, createMemoryLogger())
  t.equal(lines.isFull(), false)
  t.equal(lines.isClosing(), false)
  await lines.close()
  t.equal(lines.isClosing(), true)
})

import { spawnSync } from 'node:child_process'
import { pino } from 'pino'
import t from 'tap'
import { createLineGatherer } from '../../src/app/line-gatherer.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { waitFor } from '../helpers/wait-for.js'

function createHouse() {
  const writes: string[] = []
  const stream = createLineGatherer({ write: (text) => writes.push(text) })
  const logger = pino({ base: null, timestamp: false }, stream)
  const messages = () =>
    writes.map((text) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => String((JSON.parse(line) as { msg: string }).msg)),
    )
  return { logger, writes, messages }
}

await t.test('lines of one turn are written at once, in order', async (t) => {
  const { logger, writes, messages } = createHouse()
  for (const message of ['one', 'two', 'three']) logger.info(message)
  t.strictSame(writes, [])
  await waitFor('the lines', () => writes.length > 0)
  logger.info('four')
  await waitFor('the next turn', () => writes.length > 1)
  t.strictSame(messages(), [['one', 'two', 'three'], ['four']])
})

await t.test('a warning lets nothing wait', async (t) => {
  const { logger, messages } = createHouse()
  logger.info('one')
  logger.warn('two')
  t.strictSame(messages(), [['one', 'two']])
  logger.error('three')
  t.strictSame(messages(), [['one', 'two'], ['three']])
})

await t.test('what is gathered is bounded', async (t) => {
  const { logger, writes } = createHouse()
  logger.info('x'.repeat(40_000))
  t.equal(writes.length, 0)
  logger.info('x'.repeat(40_000))
  t.equal(writes.length, 1)
})

await t.test('the end of the process lets nothing wait', async (t) => {
  const listeners = process.listenerCount('exit')
  const { logger, writes } = createHouse()
  logger.info('one')
  t.equal(process.listenerCount('exit'), listeners + 1)
  await waitFor('the line', () => writes.length > 0)
  t.equal(process.listenerCount('exit'), listeners, 'nothing stays behind')

  const script =
    `import { createLineGatherer } from '${PACKAGE_ROOT}dist/src/app/line-gatherer.js'\n` +
    "createLineGatherer(process.stdout).write('the last line\\n')\n"
  for (const end of ['process.exit(3)', "throw new Error('crash')"]) {
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script + end])
    t.equal(child.stdout.toString(), 'the last line\n', end)
  }
})

import { PassThrough } from 'node:stream'
import t from 'tap'
import { createLogger } from '../../src/app/create-logger.js'
import { waitFor } from '../helpers/wait-for.js'

function text(stream: PassThrough): string {
  return String(stream.read() ?? '')
}

await t.test('logger writes one JSON object a line and masks secrets', async (t) => {
  const stream = new PassThrough()
  const logger = await createLogger({ level: 'info', format: 'auto', service: 'http', stream })
  logger.info({ password: 'hunter2-hunter2', request: { authorization: 'Bearer abc' } }, 'hello')
  logger.debug({}, 'not shown')
  const line = await waitFor('the line', () => text(stream))
  t.notMatch(line, /hunter2|abc|not shown/)
  t.match(JSON.parse(line), {
    service: 'http',
    msg: 'hello',
    password: '[masked]',
    request: { authorization: '[masked]' },
  })
})

await t.test('logger is pretty where a person reads', async (t) => {
  const stream = Object.assign(new PassThrough(), { isTTY: true })
  const logger = await createLogger({ level: 'info', format: 'auto', service: 'up', stream })
  logger.info({ url: 'http://127.0.0.1:8080' }, 'listening')
  const line = text(stream)
  t.match(line, /INFO.*listening/)
  t.throws(() => JSON.parse(line) as unknown, SyntaxError)
})

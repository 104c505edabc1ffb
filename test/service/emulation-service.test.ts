import t from 'tap'
import { createEmulationService } from '../../src/service/emulation-service.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { surveyDeps } from '../helpers/stub-survey-handlers.js'

await t.test('what a client sends finds its connection in any process', async (t) => {
  const broker = createFakeBroker()
  const received: string[] = []
  const receiver = (name: string) => ({
    receive: (session: string, data: string) => {
      received.push(`${name} ${data}`)
      return session === 'secret'
    },
  })
  const own = receiver('own')
  broker.join(createSurveyHandlers(surveyDeps({ emulation: own })))
  const other = surveyDeps({ processId: 'process-2', emulation: receiver('other') })
  broker.join(createSurveyHandlers(other))
  const service = createEmulationService({ broker, emulation: own, surveyTimeoutMs: 100 })
  t.equal(await service.deliver('process-1', 'secret', 'a'), 'handled')
  t.equal(await service.deliver('process-1', 'gone', 'b'), 'gone')
  t.strictSame(broker.asked, [], 'nobody else is asked about what is here')
  t.equal(await service.deliver('process-2', 'secret', 'c'), 'handled')
  t.equal(await service.deliver('process-2', 'gone', 'd'), 'gone')
  t.equal(await service.deliver('process-3', 'secret', 'e'), 'unknown')
  t.strictSame(received, ['own a', 'own b', 'other c', 'other d'])
  broker.setDown(true)
  await t.rejects(service.deliver('process-2', 'secret', 'f'), { code: 'UNAVAILABLE' })
})

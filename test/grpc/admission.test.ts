import t from 'tap'
import { createAdmission } from '../../src/grpc/admission.js'
import { REQUIREMENTS } from '../../src/grpc/requirement.js'
import { API_KEY, metadataOf, SAY_HELLO, VERIFY } from './harness.js'

const admit = createAdmission({
  apiKey: API_KEY,
  requirements: REQUIREMENTS,
  metadataBytesMax: 200,
})

await t.test('admission lets anybody call a public method', async (t) => {
  t.equal(admit(SAY_HELLO, metadataOf([])), null)
})

await t.test('admission lets only the API key call a service method', async (t) => {
  t.equal(admit(VERIFY, metadataOf([['x-api-key', API_KEY]])), null)
  for (const entries of [[], [['x-api-key', 'wrong']] as const]) {
    t.match(admit(VERIFY, metadataOf(entries)), {
      code: 'UNAUTHENTICATED',
      reason: 'api_key_invalid',
      message: 'This method needs one valid x-api-key.',
    })
  }
})

await t.test('admission refuses a method that is not listed', async (t) => {
  t.match(admit('/hello.HelloService/Other', metadataOf([['x-api-key', API_KEY]])), {
    code: 'PERMISSION_DENIED',
    reason: 'method_closed',
    message: 'Nobody may call this method.',
  })
})

await t.test('admission counts metadata as HTTP/2 does', async (t) => {
  const fits = 200 - 32 - 'x-note'.length
  t.equal(admit(SAY_HELLO, metadataOf([['x-note', 'n'.repeat(fits)]])), null)
  t.match(admit(SAY_HELLO, metadataOf([['x-note', 'n'.repeat(fits + 1)]])), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'too_large',
    message: 'The metadata of a call has at most 200 bytes.',
  })
  const many = Array.from({ length: 6 }, () => ['a', ''] as const)
  t.match(admit(SAY_HELLO, metadataOf([...many, ['b', '']])), { reason: 'too_large' })
})

import t from 'tap'
import { ANYBODY } from '../../../src/grpc/caller.js'
import { createReflectionHandler } from '../../../src/grpc/handler/reflection-handler.js'
import type { ServerReflectionRequest__Output } from '../../../src/grpc/generated/grpc/reflection/v1/ServerReflectionRequest.js'

const FILE = [Buffer.from('file'), Buffer.from('import')]
const descriptors = {
  services: ['a.A', 'b.B'],
  file: (name: string) => (name === 'a.proto' ? FILE : null),
  fileOfSymbol: (symbol: string) => (symbol === 'a.A' ? FILE : null),
}

async function ask(question: Omit<ServerReflectionRequest__Output, 'host'>): Promise<unknown> {
  const handler = createReflectionHandler({ descriptors })
  async function* requests(): AsyncGenerator<ServerReflectionRequest__Output> {
    yield { host: 'h', ...question }
  }
  const { signal } = new AbortController()
  for await (const answer of handler(requests(), { requestId: 'r', caller: ANYBODY, signal })) {
    t.match(answer, { validHost: 'h', originalRequest: { host: 'h', ...question } })
    return answer
  }
  return null
}

await t.test('reflection answers each kind of question', async (t) => {
  const file = { fileDescriptorResponse: { fileDescriptorProto: FILE } }
  t.match(await ask({ listServices: '' }), {
    listServicesResponse: { service: [{ name: 'a.A' }, { name: 'b.B' }] },
  })
  t.match(await ask({ fileByFilename: 'a.proto' }), file)
  t.match(await ask({ fileContainingSymbol: 'a.A' }), file)
  t.match(await ask({ allExtensionNumbersOfType: 'a.A' }), {
    allExtensionNumbersResponse: { baseTypeName: 'a.A' },
  })
})

await t.test('reflection says what it does not know', async (t) => {
  const extension = { containingType: 'a.A', extensionNumber: 1 }
  for (const question of [
    { fileByFilename: 'no.proto' },
    { fileContainingSymbol: 'no.Such' },
    { allExtensionNumbersOfType: 'no.Such' },
    { fileContainingExtension: extension },
  ]) {
    t.match(await ask(question), { errorResponse: { errorCode: 5 } })
  }
  t.match(await ask({}), { errorResponse: { errorCode: 3 } })
})

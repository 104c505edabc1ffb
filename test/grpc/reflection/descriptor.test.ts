import t from 'tap'
import { join, symbolsOf } from '../../../src/grpc/reflection/descriptor.js'

await t.test('symbolsOf names everything that a file declares', async (t) => {
  const file = {
    package: 'p.v1',
    messageType: [
      {
        name: 'M',
        field: [{ name: 'f' }],
        oneofDecl: [{ name: 'o' }],
        nestedType: [{ name: 'N', field: [{ name: 'g' }] }],
        enumType: [{ name: 'E', value: [{ name: 'V' }] }],
      },
    ],
    enumType: [{ name: 'T', value: [{ name: 'W' }] }],
    service: [{ name: 'S', method: [{ name: 'Do' }] }],
  }
  t.strictSame(symbolsOf(file), [
    ...['p.v1.M', 'p.v1.M.f', 'p.v1.M.o', 'p.v1.M.N', 'p.v1.M.N.g', 'p.v1.M.E', 'p.v1.M.V'],
    ...['p.v1.T', 'p.v1.W', 'p.v1.S', 'p.v1.S.Do'],
  ])
  t.strictSame(symbolsOf({}), [])
})

await t.test('join leaves out the scope without a name', async (t) => {
  t.equal(join('', 'a'), 'a')
  t.equal(join('p', 'a'), 'p.a')
})

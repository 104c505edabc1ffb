import t from 'tap'
import { completeFile } from '../../../src/grpc/reflection/complete-file.js'

const timestamp = { package: 'google.protobuf', messageType: [{ name: 'Timestamp' }] }

await t.test('completeFile names the file, its imports and its types in full', async (t) => {
  const parsed = {
    name: 'p_v1.proto',
    package: 'p.v1',
    messageType: [
      {
        name: 'M',
        field: [
          { name: 'plain' },
          { name: 'at', typeName: 'google.protobuf.Timestamp' },
          { name: 'inner', typeName: 'Inner' },
          { name: 'other', typeName: 'Other' },
          { name: 'some_tags', typeName: 'Some_tags' },
        ],
        nestedType: [
          { name: 'Inner', field: [{ name: 'self', typeName: 'Inner' }] },
          {
            name: 'Some_tags',
            field: [{ name: 'key' }, { name: 'value', typeName: 'Other' }],
            options: { mapEntry: true },
          },
        ],
      },
      { name: 'Other' },
    ],
    service: [{ name: 'S', method: [{ name: 'Do', inputType: '.p.v1.M', outputType: 'Other' }] }],
  }
  const [file, ...imports] = completeFile('p/v1/p.proto', [parsed, timestamp])
  t.match(file, { name: 'p/v1/p.proto', dependency: ['google/protobuf/timestamp.proto'] })
  t.match(imports, [{ name: 'google/protobuf/timestamp.proto', package: 'google.protobuf' }])
  t.strictSame(
    file?.messageType?.[0]?.field?.map(({ typeName }) => typeName),
    [
      undefined,
      '.google.protobuf.Timestamp',
      '.p.v1.M.Inner',
      '.p.v1.Other',
      '.p.v1.M.SomeTagsEntry',
    ],
  )
  t.match(file?.messageType?.[0]?.nestedType, [
    { name: 'Inner', field: [{ typeName: '.p.v1.M.Inner' }] },
    { name: 'SomeTagsEntry', field: [{}, { typeName: '.p.v1.Other' }] },
  ])
  t.match(file?.service, [{ method: [{ inputType: '.p.v1.M', outputType: '.p.v1.Other' }] }])
})

await t.test('completeFile leaves out an import that nobody uses', async (t) => {
  const files = completeFile('p.proto', [{ package: 'p', messageType: [{ name: 'M' }] }, timestamp])
  t.match(files, [{ dependency: [] }])
  t.equal(files.length, 1)
})

await t.test('completeFile refuses what it cannot tell', async (t) => {
  const unsupported = { code: 'FAILED_PRECONDITION', reason: 'proto_unsupported' }
  const field = { name: 'f', typeName: 'Nowhere' }
  const lost = { package: 'p', messageType: [{ name: 'M', field: [field] }] }
  t.throws(() => completeFile('p.proto', [lost]), unsupported)
  t.throws(() => completeFile('p.proto', [{ package: 'p' }, { package: 'q' }]), unsupported)
  t.throws(() => completeFile('p.proto', []), unsupported)
  const struct = { package: 'google.protobuf', messageType: [{ name: 'Struct' }] }
  t.throws(() => completeFile('p.proto', [{ package: 'p' }, struct]), unsupported)
})

import { buildSchema, isEnumType, isObjectType, isSpecifiedScalarType } from 'graphql'
import t from 'tap'
import { attachResolvers, mutationGuards, readSchema } from '../../../src/http/graphql/schema.js'

await t.test('every type, field, argument and value of the schema is described', async (t) => {
  const schema = await readSchema()
  const bare: string[] = []
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || isSpecifiedScalarType(type)) continue
    const isRoot = ['Query', 'Mutation', 'Subscription'].includes(type.name)
    if (!type.description && !isRoot && type.name !== 'DateTime') bare.push(type.name)
    if (isEnumType(type)) {
      for (const value of type.getValues()) if (!value.description) bare.push(value.name)
    }
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      if (!field.description) bare.push(`${type.name}.${field.name}`)
      for (const argument of field.args) {
        if (!argument.description) bare.push(`${type.name}.${field.name}(${argument.name})`)
      }
    }
  }
  t.strictSame(bare, [])
})

await t.test('every mutation declares who may do it', async (t) => {
  const schema = await readSchema()
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const names = field.astNode?.directives?.map((directive) => directive.name.value)
    t.ok(names?.includes('auth'), field.name)
  }
})

const SMALL = `
  directive @auth(requires: Requirement!, owner: String) on FIELD_DEFINITION
  enum Requirement { ANYONE ANONYMOUS USER ADMIN }
  type Query { a: String }
  type Mutation { open: String @auth(requires: ANYONE) closed: String }
  type Subscription { s: String }
`

await t.test('a mutation that declares nothing is open to nobody', async (t) => {
  const guards = mutationGuards(buildSchema(SMALL))
  const context = {} as Parameters<NonNullable<ReturnType<typeof guards.get>>>[0]
  t.equal(guards.get('open')?.(context, {}, null), undefined)
  t.throws(() => guards.get('closed')?.(context, {}, null), {
    code: 'PERMISSION_DENIED',
    reason: 'field_closed',
  })
})

await t.test('a resolver without a field, and a feed that is missing, are mistakes', async (t) => {
  const feeds = { s: () => null }
  t.throws(() => attachResolvers(buildSchema(SMALL), { Query: { b: () => null } }, feeds), {
    message: 'there is no field Query.b',
  })
  t.throws(() => attachResolvers(buildSchema(SMALL), { Nope: { b: () => null } }, feeds), TypeError)
  t.throws(() => attachResolvers(buildSchema(SMALL), {}, {}), {
    message: 'nobody feeds Subscription.s',
  })
})

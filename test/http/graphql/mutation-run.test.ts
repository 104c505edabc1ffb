import t from 'tap'
import { AppError } from '../../../src/errors/app-error.js'
import { createDocumentCache } from '../../../src/http/graphql/document-cache.js'
import type { Guard } from '../../../src/http/graphql/guard.js'
import { type MutationHandler, runMutation } from '../../../src/http/graphql/mutation-run.js'
import type { OperationContext } from '../../../src/http/graphql/operation-context.js'
import { readSchema } from '../../../src/http/graphql/schema.js'
import { createMemoryTransactionRunner } from '../../helpers/memory-transaction-runner.js'

const schema = await readSchema()
const LIMITS = { depthMax: 9, aliasesMax: 50, costMax: 999, tokensMax: 999, introspection: true }
const CONTEXT = {} as OperationContext

function createRun(handlers: Record<string, MutationHandler>, guards: [string, Guard][] = []) {
  const transactions = createMemoryTransactionRunner()
  const documents = createDocumentCache(schema, LIMITS)
  const run = async (query: string, variables: Record<string, unknown> = {}) => {
    const prepared = documents.prepare({ query, operationName: null, variables })
    if (!prepared.ok) throw new Error(prepared.refusals[0]?.error.message)
    const deps = { schema, handlers, guards: new Map(guards), transactions }
    const outcomes = await runMutation(deps, prepared.operation, CONTEXT)
    return Object.fromEntries(
      [...outcomes].map(([key, outcome]) => [
        key,
        outcome.ok ? outcome.value : ((outcome.error as AppError).reason ?? 'thrown'),
      ]),
    )
  }
  return { run, transactions }
}

function recording() {
  const log: string[] = []
  const handlers: Record<string, MutationHandler> = {
    updateProfile: {
      plan: async (args) => {
        const name = String(args['displayName'])
        log.push(`plan ${name}`)
        if (name === 'refused') throw new AppError('INVALID_ARGUMENT', 'refused', 'No.')
        return async () => {
          log.push(`write ${name}`)
          if (name === 'fails') throw new AppError('ALREADY_EXISTS', 'taken', 'Taken.')
          return name
        }
      },
    },
    logout: { act: async () => log.push('logout') && 'out' },
  }
  return { log, ...createRun(handlers) }
}

const update = (key: string, name: string): string =>
  `${key}: updateProfile(displayName: "${name}") { id }`

await t.test(
  'everything slow comes first, then all writes in order, in one transaction',
  async (t) => {
    const { log, run, transactions } = recording()
    t.strictSame(await run(`mutation { ${update('b', 'two')} ${update('a', 'one')} }`), {
      b: 'two',
      a: 'one',
    })
    t.strictSame(log, ['plan two', 'plan one', 'write two', 'write one'])
    t.strictSame(transactions.outcomes, ['committed'])
  },
)

await t.test('a failing write undoes all, and each field says so', async (t) => {
  const { log, run, transactions } = recording()
  const text = [update('a', 'one'), update('b', 'fails'), update('c', 'three')].join(' ')
  t.strictSame(await run(`mutation { ${text} }`), {
    a: 'rolled_back',
    b: 'taken',
    c: 'rolled_back',
  })
  t.notOk(log.includes('write three'))
  t.strictSame(transactions.outcomes, ['rolled back'])
})

await t.test('a refusal before the first write opens no transaction', async (t) => {
  const { run, transactions } = recording()
  t.strictSame(await run(`mutation { ${update('a', 'one')} ${update('b', 'refused')} }`), {
    a: 'rolled_back',
    b: 'refused',
  })
  t.strictSame(transactions.outcomes, [])
})

await t.test('a commit that fails is the failure of every field', async (t) => {
  const { run } = createRun({
    updateProfile: { plan: async () => async () => 'written' },
  })
  t.strictSame(await run(`mutation { ${update('a', 'x')} }`), { a: 'written' })
  const broken = createRun({ updateProfile: { plan: async () => async () => 'written' } })
  broken.transactions.run = async (work) => {
    await work({ afterCommit: () => {} })
    throw new AppError('UNAVAILABLE', 'store_unavailable', 'Away.')
  }
  t.strictSame(await broken.run(`mutation { ${update('a', 'x')} ${update('b', 'y')} }`), {
    a: 'store_unavailable',
    b: 'store_unavailable',
  })
})

await t.test('what cannot be undone stands alone, under any alias', async (t) => {
  const { log, run } = recording()
  t.strictSame(await run('mutation { logout { ended } }'), { logout: 'out' })
  t.strictSame(await run('mutation { a: logout { ended } b: logout { ended } }'), {
    a: 'mutation_not_combinable',
    b: 'mutation_not_combinable',
  })
  t.strictSame(await run(`mutation { ${update('a', 'one')} logout { ended } }`), {
    a: 'mutation_not_combinable',
    logout: 'mutation_not_combinable',
  })
  t.strictSame(log, ['logout'])
})

await t.test('guards run before anything, on the arguments as sent', async (t) => {
  const seen: unknown[] = []
  const guard: Guard = (_context, args) => {
    seen.push(args)
    throw new AppError('PERMISSION_DENIED', 'role_required', 'No.')
  }
  const plans: string[] = []
  const { run, transactions } = createRun(
    {
      updateProfile: {
        plan: async () => {
          plans.push('planned')
          return async () => null
        },
      },
    },
    [['updateProfile', guard]],
  )
  t.strictSame(await run('mutation { updateProfile(displayName: "  x ") { id } }'), {
    updateProfile: 'role_required',
  })
  t.strictSame(seen, [{ displayName: '  x ' }])
  t.strictSame([plans, transactions.outcomes], [[], []])
})

await t.test('fragments, skip and include choose the fields as the executor does', async (t) => {
  const { run } = recording()
  const text = `mutation($no: Boolean!) {
    ...f ... on Mutation { ${update('b', 'b')} }
    c: updateProfile(displayName: "c") @skip(if: true) { id }
    ... @include(if: $no) { ${update('d', 'd')} }
    __typename
  }
  fragment f on Mutation { ${update('a', 'a')} ${update('b', 'b')} }`
  t.strictSame(await run(text, { no: false }), { a: 'a', b: 'b' })
})

await t.test(
  'wrong variables, too many fields and a mutation nobody does run nothing',
  async (t) => {
    const { run, log } = recording()
    t.strictSame(await run('mutation($g: Gender!) { updateProfile(gender: $g) { id } }'), {})
    const many = Array.from({ length: 11 }, (_, i) => update(`a${i}`, 'x')).join(' ')
    t.equal((await run(`mutation { ${many} }`))['a0'], 'mutation_too_long')
    t.strictSame(log, [])
    t.strictSame(await run('mutation { endOtherSessions { ended } }'), {
      endOtherSessions: 'mutation_unknown',
    })
  },
)

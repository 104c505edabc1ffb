import { getDirectiveValues, type GraphQLField, type GraphQLSchema } from 'graphql'
import { AppError, unauthenticated } from '../../errors/app-error.js'
import type { OperationContext } from './operation-context.js'

const REQUIREMENTS = ['ANYONE', 'ANONYMOUS', 'USER', 'ADMIN'] as const
type Requirement = (typeof REQUIREMENTS)[number]

/** Whatever its source and its context are: only its declaration is read. */
type DeclaredField = Pick<GraphQLField<never, never>, 'name' | 'astNode'>

/**
 * Decides before a field is resolved, by its arguments as they were sent and the object around it. Raises
 * UNAUTHENTICATED (`credentials_missing`, or why what was shown proves nothing), PERMISSION_DENIED
 * (`role_required`, `field_closed`), FAILED_PRECONDITION (`already_signed_in`).
 */
export type Guard = (
  context: OperationContext,
  args: Readonly<Record<string, unknown>>,
  source: unknown,
) => void

/** The guard that a field declares with `@auth`; null when it declares none. */
export function declaredGuard(schema: GraphQLSchema, field: DeclaredField): Guard | null {
  const directive = schema.getDirective('auth')
  const values = directive && field.astNode && getDirectiveValues(directive, field.astNode)
  if (!values) return null
  const requirement = REQUIREMENTS.find((known) => known === values['requires'])
  if (requirement === undefined) throw new TypeError(`@auth of ${field.name} says nothing`)
  return createGuard(requirement, (values['owner'] as string | undefined) ?? null)
}

/** For what declares no guard and needs one: nobody passes. */
export const closedGuard: Guard = () => {
  throw new AppError('PERMISSION_DENIED', 'field_closed', 'This field is open to nobody.')
}

function createGuard(requirement: Requirement, owner: string | null): Guard {
  switch (requirement) {
    case 'ANYONE':
      return () => {}
    case 'ANONYMOUS':
      return requireSignedOut
    case 'USER':
      return (context) => void principalOf(context)
    case 'ADMIN':
      return (context, args, source) => {
        const { role, userId } = principalOf(context)
        if (role === 'admin') return
        if (owner !== null && ownerOf(owner, args, source, userId) === userId) return
        throw new AppError('PERMISSION_DENIED', 'role_required', 'Only administrators may do this.')
      }
  }
}

/** Who asks, in a field that only somebody signed in may ask for. */
export function principalOf(context: OperationContext) {
  const { principal, failure } = context.caller()
  if (principal) return principal
  throw failure ?? unauthenticated('credentials_missing', 'Sign in first.')
}

function requireSignedOut(context: OperationContext): void {
  if (!context.caller().principal) return
  throw new AppError('FAILED_PRECONDITION', 'already_signed_in', 'Sign out first.')
}

function ownerOf(
  name: string,
  args: Readonly<Record<string, unknown>>,
  source: unknown,
  callerId: string,
): unknown {
  const around = typeof source === 'object' ? (source as Record<string, unknown> | null) : null
  return args[name] ?? around?.[name] ?? callerId
}

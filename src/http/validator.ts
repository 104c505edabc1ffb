import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FastifySchema, FastifySchemaCompiler } from 'fastify'

/** More members than any body has. Over it the body is refused before each one costs an error object. */
const MEMBERS_MAX = 64

/**
 * Compiles request schemas. Bodies are taken as they are: no coercion, no removal of unknown members, all
 * wrong members named. Query and path parameters are text, so there "1" may become 1.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<FastifySchema> {
  const options = {
    allErrors: true,
    removeAdditional: false,
    strict: true,
    allowUnionTypes: true,
    // The schemas are ours, and strict mode refuses a mistake in them. Checking them against the
    // meta-schema too would make every start compile that first.
    validateSchema: false,
  } as const
  const body = new Ajv({ ...options, coerceTypes: false })
  // With strict numbers, ajv skips `maximum` for a number that is not finite, and "1e999" coerces to one.
  const text = new Ajv({
    ...options,
    coerceTypes: true,
    useDefaults: true,
    strictNumbers: false,
  })
  return ({ schema, httpPart }) => {
    if (httpPart !== 'body') return text.compile(schema)
    const validate = body.compile(schema)
    return (data: unknown) => validateBody(validate, data)
  }
}

function validateBody(
  validate: ValidateFunction,
  data: unknown,
): { value: unknown } | { error: ErrorObject[] } {
  if (data !== null && typeof data === 'object' && Object.keys(data).length > MEMBERS_MAX) {
    return { error: [tooManyMembers()] }
  }
  return validate(data) ? { value: data } : { error: validate.errors ?? [] }
}

function tooManyMembers(): ErrorObject {
  return {
    instancePath: '',
    schemaPath: '#/maxProperties',
    keyword: 'maxProperties',
    params: { limit: MEMBERS_MAX },
    message: `must NOT have more than ${MEMBERS_MAX} members`,
  }
}

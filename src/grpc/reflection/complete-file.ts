import { AppError } from '../../errors/app-error.js'
import { type FileDescriptor, join, type MessageDescriptor, symbolsOf } from './descriptor.js'

const WELL_KNOWN_PACKAGE = 'google.protobuf'
/** Where the types that proto files import from Google live; one file each. */
const WELL_KNOWN_FILES: ReadonlyMap<string, string> = new Map([
  ['Any', 'google/protobuf/any.proto'],
  ['Duration', 'google/protobuf/duration.proto'],
  ['Empty', 'google/protobuf/empty.proto'],
  ['Timestamp', 'google/protobuf/timestamp.proto'],
])

/**
 * Repairs what protobufjs makes of a parsed proto file: it names files after packages, forgets imports, leaves
 * type names relative and names the entries of maps after their field. `parsed` is what came of parsing
 * `name` with everything it imports. The answer is the file itself first, then what it imports.
 */
export function completeFile(name: string, parsed: readonly FileDescriptor[]): FileDescriptor[] {
  const own = parsed.filter((file) => file.package !== WELL_KNOWN_PACKAGE)
  const [file] = own
  if (file === undefined || own.length > 1) throw notOnePackage(name)
  const imports = parsed
    .filter((other) => other.package === WELL_KNOWN_PACKAGE)
    .flatMap((other) => (other.messageType ?? []).map(wellKnownFile))
  const files = [{ ...file, name }, ...imports]
  const fileOf = new Map(
    files.flatMap((one) => symbolsOf(one).map((symbol) => [symbol, one] as const)),
  )
  const used = new Set<string>()
  const resolve = (scope: string, typeName: string): string => {
    const full = find(scope, typeName, fileOf)
    const home = fileOf.get(full)?.name
    if (home === undefined) throw typeUnknown(name, typeName)
    if (home !== name) used.add(home)
    return `.${full}`
  }
  const scope = file.package ?? ''
  const messageType = (file.messageType ?? []).map((message) => complete(scope, message, resolve))
  const service = (file.service ?? []).map((one) => ({
    ...one,
    method: (one.method ?? []).map((method) => ({
      ...method,
      inputType: resolve(scope, method.inputType ?? ''),
      outputType: resolve(scope, method.outputType ?? ''),
    })),
  }))
  const dependency = [...used].sort()
  return [
    { ...file, name, dependency, messageType, service },
    ...imports.filter((other) => used.has(other.name ?? '')),
  ]
}

type Resolve = (scope: string, typeName: string) => string

function complete(scope: string, message: MessageDescriptor, resolve: Resolve): MessageDescriptor {
  const self = join(scope, message.name)
  const entries = new Map(
    (message.nestedType ?? []).flatMap((nested) =>
      nested.options?.mapEntry ? [[nested.name ?? '', `${camelCase(nested.name ?? '')}Entry`]] : [],
    ),
  )
  return {
    ...message,
    field: (message.field ?? []).map((field) => {
      if (!field.typeName) return field
      const entry = entries.get(field.typeName)
      const typeName = entry === undefined ? resolve(self, field.typeName) : `.${self}.${entry}`
      return { ...field, typeName }
    }),
    nestedType: (message.nestedType ?? []).map((nested) => {
      const entry = entries.get(nested.name ?? '')
      const named = entry === undefined ? nested : { ...nested, name: entry }
      return complete(self, named, resolve)
    }),
  }
}

/** `Skip_history` → `SkipHistory`: entries of maps are named after their field in camel case. */
function camelCase(name: string): string {
  return name.replace(/(?:^|_)([a-z0-9])/gi, (_, first: string) => first.toUpperCase())
}

/** The innermost scope that knows the name wins (protobuf language guide, "packages and name resolution"). */
function find(
  scope: string,
  typeName: string,
  symbols: ReadonlyMap<string, FileDescriptor>,
): string {
  if (typeName.startsWith('.')) return typeName.slice(1)
  for (
    let outer = scope;
    outer !== '';
    outer = outer.slice(0, Math.max(0, outer.lastIndexOf('.')))
  ) {
    if (symbols.has(join(outer, typeName))) return join(outer, typeName)
  }
  return typeName
}

function wellKnownFile(message: MessageDescriptor): FileDescriptor & { syntax: string } {
  const name = WELL_KNOWN_FILES.get(message.name ?? '')
  if (name === undefined) throw typeUnknown(WELL_KNOWN_PACKAGE, message.name ?? '')
  return { name, package: WELL_KNOWN_PACKAGE, syntax: 'proto3', messageType: [message] }
}

function typeUnknown(file: string, typeName: string): AppError {
  const message = `Reflection cannot tell where ${file} has the type ${typeName} from.`
  return new AppError('FAILED_PRECONDITION', 'proto_unsupported', message)
}

function notOnePackage(file: string): AppError {
  const message = `Reflection needs ${file} to declare one package and import only from Google's.`
  return new AppError('FAILED_PRECONDITION', 'proto_unsupported', message)
}

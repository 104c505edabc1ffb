/** The parts of google.protobuf.FileDescriptorProto that reflection looks into (descriptor.proto). */
export interface FileDescriptor {
  name?: string
  package?: string
  dependency?: string[]
  messageType?: MessageDescriptor[]
  enumType?: EnumDescriptor[]
  service?: ServiceDescriptor[]
}

export interface MessageDescriptor {
  name?: string
  field?: FieldDescriptor[]
  nestedType?: MessageDescriptor[]
  enumType?: EnumDescriptor[]
  oneofDecl?: Named[]
  options?: { mapEntry?: boolean }
}

export interface FieldDescriptor {
  name?: string
  typeName?: string
}

export interface EnumDescriptor {
  name?: string
  value?: Named[]
}

export interface ServiceDescriptor {
  name?: string
  method?: { name?: string; inputType?: string; outputType?: string }[]
}

interface Named {
  name?: string
}

/** The full names of everything that a file declares: types, fields, values, services and methods. */
export function symbolsOf(file: FileDescriptor): string[] {
  const scope = file.package ?? ''
  return [
    ...(file.messageType ?? []).flatMap((message) => symbolsOfMessage(scope, message)),
    ...(file.enumType ?? []).flatMap((type) => symbolsOfEnum(scope, type)),
    ...(file.service ?? []).flatMap((service) => {
      const name = join(scope, service.name)
      return [name, ...(service.method ?? []).map((method) => join(name, method.name))]
    }),
  ]
}

function symbolsOfMessage(scope: string, message: MessageDescriptor): string[] {
  const name = join(scope, message.name)
  return [
    name,
    ...(message.field ?? []).map((field) => join(name, field.name)),
    ...(message.oneofDecl ?? []).map((oneof) => join(name, oneof.name)),
    ...(message.nestedType ?? []).flatMap((nested) => symbolsOfMessage(name, nested)),
    ...(message.enumType ?? []).flatMap((type) => symbolsOfEnum(name, type)),
  ]
}

/** Values live beside their enum, not in it (C++ scoping). */
function symbolsOfEnum(scope: string, type: EnumDescriptor): string[] {
  return [join(scope, type.name), ...(type.value ?? []).map((value) => join(scope, value.name))]
}

/** `name` within `scope`; the outermost scope has no name. */
export function join(scope: string, name = ''): string {
  return scope === '' ? name : `${scope}.${name}`
}

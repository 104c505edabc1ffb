import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { completeFile } from './complete-file.js'
import { type FileDescriptor, symbolsOf } from './descriptor.js'

/** A proto file, by the name under which others would import it, and the folder in which it lies. */
export interface ProtoFile {
  readonly name: string
  readonly folder: string
}

/** What reflection knows: serialised FileDescriptorProto messages. Each answer is null for what is unknown. */
export interface DescriptorIndex {
  /** Full names, in alphabetical order. */
  readonly services: readonly string[]
  /** The file of that name, first, and everything it imports. */
  file(name: string): readonly Buffer[] | null
  /** The same for the file that declares a symbol (full name, without a dot in front). */
  fileOfSymbol(symbol: string): readonly Buffer[] | null
}

interface MessageCodec {
  serialize(value: object): Buffer
  deserialize(bytes: Buffer): object
}

/** Parses the files, each by itself. Raises FAILED_PRECONDITION (`proto_unsupported`) naming one it cannot tell. */
export function createDescriptorIndex(protoFiles: readonly ProtoFile[]): DescriptorIndex {
  const codec = fileCodec()
  const serialised = new Map<string, Buffer>()
  const imports = new Map<string, readonly string[]>()
  const homes = new Map<string, string>()
  const services: string[] = []
  for (const { name, folder } of protoFiles) {
    const definitions = loadSync(name, { includeDirs: [folder], keepCase: true })
    for (const file of completeFile(name, parsedFiles(definitions, codec))) {
      const fileName = file.name ?? ''
      if (serialised.has(fileName)) continue
      serialised.set(fileName, codec.serialize(file))
      imports.set(fileName, file.dependency ?? [])
      for (const symbol of symbolsOf(file)) homes.set(symbol, fileName)
      services.push(...(file.service ?? []).map((one) => `${file.package}.${one.name}`))
    }
  }

  function file(name: string): readonly Buffer[] | null {
    const names = new Set([name])
    // A set that grows while it is walked is walked to its end.
    for (const one of names) for (const other of imports.get(one) ?? []) names.add(other)
    const found = [...names].map((one) => serialised.get(one))
    return found[0] === undefined ? null : found.filter((bytes) => bytes !== undefined)
  }
  return {
    services: services.sort(),
    file,
    fileOfSymbol(symbol) {
      const home = homes.get(symbol)
      return home === undefined ? null : file(home)
    },
  }
}

/** How a file descriptor is written and read; its own proto file comes with the loader. */
function fileCodec(): MessageCodec {
  const definitions = loadSync('google/protobuf/descriptor.proto', {})
  return definitions['google.protobuf.FileDescriptorProto'] as unknown as MessageCodec
}

function parsedFiles(definitions: PackageDefinition, codec: MessageCodec): FileDescriptor[] {
  const [message] = Object.values(definitions).filter((one) => 'fileDescriptorProtos' in one)
  const files = message?.fileDescriptorProtos as readonly Buffer[] | undefined
  return (files ?? []).map((bytes) => codec.deserialize(Buffer.from(bytes)) as FileDescriptor)
}

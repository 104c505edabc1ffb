/**
 * The rules of buf's categories STANDARD and COMMENTS (https://buf.build/docs/lint/rules/) for files as they stand in
 * `protos/`: one declaration a line.
 */
const PASCAL = /^[A-Z][A-Za-z0-9]*$/
const SNAKE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
const UPPER_SNAKE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/
const VERSIONED = /\.v[1-9][0-9]*((alpha|beta)[1-9][0-9]*)?$/

const COMMENT = /^\/\/\s*\S/
const BLOCK = /^(service|message|enum|oneof) (\S+) \{(\})?$/
const RPC = /^rpc (\S+)\((?:stream )?(\S+)\) returns \((?:stream )?(\S+)\);$/
const FIELD = /^(?:(?:repeated|optional) )?(?:map<[^>]+>|[\w.]+) (\w+) = \d+;$/
const VALUE = /^(\w+) = (\d+);$/
const IMPORT = /^import (?:(public|weak) )?"([^"]+)";$/

interface Block {
  readonly kind: string
  readonly name: string
}

/** What is wrong with a file; `path` is relative to the folder of all protos. Each finding names its line. */
export function lintProto(path: string, text: string): string[] {
  const findings: string[] = []
  const blocks: Block[] = []
  const types = new Map<string, string>()
  let packageName = ''
  let isCommented = false
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    const say = (finding: string): void => void findings.push(`${path}:${index + 1} ${finding}`)
    const isKnown = lintLine(line)
    if (!isKnown) say(`cannot be read: ${line}`)
    isCommented = COMMENT.test(line)

    function lintLine(line: string): boolean {
      if (line === '' || line.startsWith('//')) return true
      if (line === '}') return blocks.pop() !== undefined
      if (line === 'syntax = "proto3";') return true
      const within = blocks.at(-1)
      const block = BLOCK.exec(line)
      if (block) {
        const [, kind = '', name = '', isEmpty] = block
        lintBlock({ kind, name }, say)
        if (isEmpty === undefined) blocks.push({ kind, name })
        return true
      }
      if (within?.kind === 'service') return lintRpc(RPC.exec(line), within, say)
      if (within?.kind === 'enum') return lintValue(VALUE.exec(line), within, say)
      if (within !== undefined) return lintField(FIELD.exec(line), within, say)
      return lintHead(line, say)
    }
  }
  if (!text.includes('syntax = "proto3";')) findings.push(`${path} has no syntax`)
  if (packageName === '') findings.push(`${path} has no package`)
  return findings

  function lintHead(line: string, say: (finding: string) => void): boolean {
    const [, name] = /^package (\S+);$/.exec(line) ?? []
    if (name !== undefined) {
      packageName = name
      if (!VERSIONED.test(name)) say(`the package ${name} has no version`)
      const folder = name.replaceAll('.', '/')
      if (!new RegExp(`^${folder}/[a-z0-9_]+\\.proto$`).test(path)) say(`belongs to ${folder}/`)
      return true
    }
    const [, kind, file = ''] = IMPORT.exec(line) ?? []
    if (kind !== undefined) say(`imports ${file} as ${kind}`)
    const imported = file.replace(/\/[^/]+$/, '').replaceAll('/', '.')
    if (file !== '' && !text.includes(`${imported}.`)) say(`does not use ${file}`)
    return file !== ''
  }

  function lintBlock({ kind, name }: Block, say: (finding: string) => void): void {
    const isOneof = kind === 'oneof'
    if (!(isOneof ? SNAKE : PASCAL).test(name)) say(`${kind} ${name} is not in its case`)
    if (kind === 'service' && !name.endsWith('Service')) say(`service ${name} is not a …Service`)
    // A request and a response are told by the call that they belong to.
    if (!isCommented && !/(Request|Response)$/.test(name)) say(`${kind} ${name} has no comment`)
  }

  function lintRpc(
    rpc: RegExpExecArray | null,
    { name: service }: Block,
    say: (finding: string) => void,
  ): boolean {
    if (rpc === null) return false
    const [, name = '', request = '', response = ''] = rpc
    if (!PASCAL.test(name)) say(`rpc ${name} is not in its case`)
    if (!isCommented) say(`rpc ${name} has no comment`)
    for (const [type, suffix] of [
      [request, 'Request'],
      [response, 'Response'],
    ] as const) {
      const isNamed = [`${name}${suffix}`, `${service}${name}${suffix}`].includes(type)
      if (!isNamed) say(`rpc ${name} takes or gives ${type}, not ${name}${suffix}`)
      const other = types.get(type)
      if (other !== undefined) say(`rpc ${name} shares ${type} with ${other}`)
      types.set(type, name)
    }
    return true
  }

  function lintValue(
    value: RegExpExecArray | null,
    { name: type }: Block,
    say: (finding: string) => void,
  ): boolean {
    if (value === null) return false
    const [, name = '', number] = value
    const prefix = `${type.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()}_`
    if (!UPPER_SNAKE.test(name)) say(`${name} is not in its case`)
    if (!name.startsWith(prefix)) say(`${name} does not begin with ${prefix}`)
    if (number === '0' && !name.endsWith('_UNSPECIFIED')) say(`${name} is not …_UNSPECIFIED`)
    if (!isCommented) say(`${name} has no comment`)
    return true
  }

  function lintField(
    field: RegExpExecArray | null,
    { name: type }: Block,
    say: (finding: string) => void,
  ): boolean {
    if (field === null) return false
    const [, name = ''] = field
    if (!SNAKE.test(name)) say(`${type}.${name} is not in its case`)
    if (!isCommented) say(`${type}.${name} has no comment`)
    return true
  }
}

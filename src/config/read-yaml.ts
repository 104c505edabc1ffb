import { readFile } from 'node:fs/promises'
import { LineCounter, type YAMLMap, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { ErrorDetail } from '../errors/app-error.js'
import { describeFileError } from './problem.js'
import { type Layer, type Tree, createLayer, createTree, pointerTo } from './tree.js'

/** One file as a layer; `layer` is null when it could not be read or is not YAML. */
export interface YamlFile {
  readonly layer: Layer | null
  readonly problems: readonly ErrorDetail[]
}

/**
 * Reads a YAML 1.2 file whose root is a map. `label` is the file's name in errors and sources. Problems name
 * the file, the line and the column; duplicate keys and aliases are problems.
 */
export async function readYaml(file: string, label: string): Promise<YamlFile> {
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (error) {
    const message = `cannot read the file: ${describeFileError(error)}`
    return { layer: null, problems: [{ path: label, message }] }
  }
  return parseYaml(content, label)
}

function parseYaml(content: string, label: string): YamlFile {
  const lineCounter = new LineCounter()
  const document = parseDocument(content, { lineCounter, prettyErrors: false })
  const problems: ErrorDetail[] = []
  const report = (offset: number, message: string): void => {
    const { line, col } = lineCounter.linePos(offset)
    problems.push({ path: `${label}:${line}:${col}`, message })
  }

  for (const error of document.errors) {
    const [from] = error.pos
    if (error.code === 'DUPLICATE_KEY') {
      const key = /^[^\s:]+/.exec(content.slice(from))?.[0] ?? ''
      report(from, `the key ${key} is given twice`)
    } else {
      report(from, `not valid YAML: ${error.message}`)
    }
  }

  const layer = createLayer()
  const root: unknown = document.contents
  const lineOf = (offset: number): number => lineCounter.linePos(offset).line
  if (isMap(root)) collect({ root, layer, label, lineOf, report })
  else if (root !== null && !(isScalar(root) && root.value === null)) {
    report(0, 'expected a map of keys at the top')
  }
  return { layer: problems.length === 0 ? layer : null, problems }
}

interface Collection {
  readonly root: YAMLMap
  readonly layer: Layer
  readonly label: string
  readonly lineOf: (offset: number) => number
  readonly report: (offset: number, message: string) => void
}

function collect({ root, layer, label, lineOf, report }: Collection): void {
  const valueOf = (node: unknown, pointer: string): unknown => {
    if (isMap(node)) return fill(createTree(), node, pointer)
    if (isSeq(node)) return node.items.map((item, index) => valueOf(item, `${pointer}/${index}`))
    if (isScalar(node)) return node.value
    if (isAlias(node)) report(node.range?.[0] ?? 0, 'aliases are not supported; repeat the value')
    return null
  }
  const fill = (tree: Tree, map: YAMLMap, parent: string): Tree => {
    for (const { key, value } of map.items) {
      const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0
      const name = isScalar(key) ? String(key.value) : String(key)
      const pointer = pointerTo(parent, name)
      layer.sources.set(pointer, `${label}:${lineOf(offset)}`)
      tree[name] = valueOf(value, pointer)
    }
    return tree
  }
  fill(layer.tree, root, '')
}

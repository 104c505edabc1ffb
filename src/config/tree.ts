/** A configuration before validation: nested groups without a prototype, so that no key is special. */
export interface Tree {
  [key: string]: unknown
}

/** Where each value came from, by JSON pointer (RFC 6901): a file and line, a variable, the command line. */
export type Sources = Map<string, string>

/** One source of values that lies over the earlier ones. */
export interface Layer {
  readonly tree: Tree
  readonly sources: Sources
}

export function createTree(): Tree {
  return Object.create(null) as Tree
}

export function createLayer(): Layer {
  return { tree: createTree(), sources: new Map() }
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The pointer of a key below another pointer. */
export function pointerTo(parent: string, key: string): string {
  return `${parent}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** `http.port` → `/http/port`. Only for paths of the schema, whose names hold neither `/` nor `~`. */
export function pointerOfPath(path: string): string {
  return `/${path.replaceAll('.', '/')}`
}

/** The value at a dotted path of the schema; undefined when absent. */
export function valueAt(tree: Tree, path: string): unknown {
  let value: unknown = tree
  for (const key of path.split('.')) value = isTree(value) ? value[key] : undefined
  return value
}

/** Puts one leaf, and where it came from, into a layer. */
export function putLeaf(layer: Layer, path: string, value: unknown, source: string): void {
  const keys = path.split('.')
  const last = keys.pop() ?? path
  let tree = layer.tree
  for (const key of keys) {
    const next = tree[key]
    if (isTree(next)) {
      tree = next
    } else {
      const created = createTree()
      tree[key] = created
      tree = created
    }
  }
  tree[last] = value
  layer.sources.set(pointerOfPath(path), source)
}

/** Lays `upper` over `lower`, in place: groups are joined key by key, everything else is replaced. */
export function mergeLayer(lower: Layer, upper: Layer): void {
  mergeTree(lower.tree, upper.tree)
  for (const [pointer, source] of upper.sources) lower.sources.set(pointer, source)
}

function mergeTree(lower: Tree, upper: Tree): void {
  for (const [key, value] of Object.entries(upper)) {
    const below = lower[key]
    if (isTree(below) && isTree(value)) mergeTree(below, value)
    // A group whose every line is commented out changes nothing.
    else if (!(isTree(below) && value === null)) lower[key] = value
  }
}

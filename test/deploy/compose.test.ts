/** compose.yaml names only what exists: commands, variables, ports, volumes, services. */
import t from 'tap'
import {
  assertCommand,
  assertVariables,
  binaryPath,
  parseYaml,
  readHouseFile,
  SERVICE_PORTS,
} from './deployment.js'

interface ComposeService {
  readonly image?: string
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly environment?: Readonly<Record<string, string>>
}

const TEXT = readHouseFile('compose.yaml')
const { services, volumes } = parseYaml(TEXT) as unknown as {
  services: Readonly<Record<string, ComposeService>>
  volumes: Readonly<Record<string, unknown>>
}
const OURS = Object.entries(services).filter(([, { image }]) => image === 'gatehouse')

/** What a line for the shell gives to the program, up to its options. */
function shellWords(line: string): string[] {
  const [, rest = ''] = line.split(`node ${binaryPath()} `)
  return rest.split(' --')[0]?.split(' ') ?? []
}

await t.test(
  'compose.yaml: has the three services, and they wait for what they need',
  async (t) => {
    for (const [name, port] of Object.entries(SERVICE_PORTS)) {
      const service = services[name] ?? {}
      t.same(service.command, [name], name)
      t.same(
        service.ports,
        [`127.0.0.1:${port}:${port}`],
        `${name} is reached on its port, from this machine`,
      )
      t.equal(service.depends_on?.['setup']?.condition, 'service_completed_successfully')
    }
    for (const [name, { depends_on: needs = {} }] of Object.entries(services)) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        t.ok(services[needed], `${name} needs ${needed}`)
        if (condition === 'service_healthy')
          t.ok(services[needed]?.healthcheck, `${needed} has a check`)
      }
    }
  },
)

await t.test('compose.yaml: runs commands that exist', async (t) => {
  for (const [, { command = [], entrypoint, healthcheck }] of OURS) {
    assertCommand(t, entrypoint ? shellWords(command[0] ?? '') : command)
    if (!healthcheck) continue
    const [kind, node, binary, ...args] = healthcheck.test
    t.same([kind, node, binary], ['CMD', 'node', binaryPath()])
    assertCommand(t, args)
  }
})

await t.test('compose.yaml: sets variables that exist, and no secret', async (t) => {
  assertVariables(t, TEXT)
  const asked = new Set([...TEXT.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name]) => name))
  const made = /for name in ([A-Z_ ]+); do/.exec(TEXT)?.[1]?.split(' ') ?? []
  t.same(
    [...asked].sort(),
    [...made].sort(),
    'the head of the file makes every secret that is asked for',
  )
  for (const [, name] of TEXT.matchAll(/(?<!\$)\$\{([A-Z_]+)\}/g)) t.fail(`${name} may be empty`)
})

await t.test('compose.yaml: declares every volume that is mounted', async (t) => {
  const mounted = Object.values(services).flatMap(({ volumes: list = [] }) =>
    list.map((v) => v.split(':')[0]),
  )
  t.same([...new Set(mounted)].sort(), Object.keys(volumes).sort())
})

/** The Kubernetes example hangs together: files, selectors, ports, probes, commands. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import {
  assertCommand,
  assertVariables,
  readHouseFile,
  runTool,
  SERVICE_PORTS,
} from './deployment.js'

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: number }
  readonly exec?: { readonly command: readonly string[] }
  readonly tcpSocket?: { readonly port: number }
}

interface Container {
  readonly image: string
  readonly args: readonly string[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts: readonly { readonly name: string }[]
  readonly lifecycle: {
    readonly preStop: { readonly exec: { readonly command: readonly string[] } }
  }
  readonly startupProbe: Probe
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly selector: { readonly matchLabels?: object }
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[]
    readonly template: {
      readonly metadata: { readonly labels: object }
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly securityContext: { readonly runAsNonRoot: boolean }
        readonly containers: readonly [Container]
        readonly volumes: readonly { readonly name: string }[]
      }
    }
  }
}

const FOLDER = 'deploy/kubernetes'
const FILES = readdirSync(join(PACKAGE_ROOT, FOLDER)).filter(
  (file) => file !== 'kustomization.yaml',
)

function manifestsOf(file: string): readonly Manifest[] {
  return parseAllDocuments(readHouseFile(FOLDER, file)).map(
    (document) => document.toJS() as Manifest,
  )
}

await t.test('kustomization.yaml: lists every file', async (t) => {
  const { resources } = parse(readHouseFile(FOLDER, 'kustomization.yaml')) as {
    resources: string[]
  }
  t.same([...resources].sort(), [...FILES].sort())
})

const kubectl = runTool('kubectl', ['version', '--client'])
await t.test(
  'kubectl: builds the example',
  { skip: kubectl?.status === 0 ? false : 'kubectl is not installed' },
  async (t) => {
    const built = runTool('kubectl', ['kustomize', FOLDER])
    t.equal(built?.status, 0, built?.output ?? '')
    t.notMatch(built?.output, /image: gatehouse$/m, 'every image has its registry')
  },
)

for (const [name, port] of Object.entries(SERVICE_PORTS)) {
  await t.test(`${name}.yaml: hangs together`, async (t) => {
    const text = readHouseFile(FOLDER, `${name}.yaml`)
    if (text.includes('APP_')) assertVariables(t, text)
    const [deployment, service, budget] = manifestsOf(`${name}.yaml`)
    if (!deployment || !service || !budget) {
      throw new Error('a deployment, a service and a budget are expected')
    }
    t.same(
      [deployment.kind, service.kind, budget.kind],
      ['Deployment', 'Service', 'PodDisruptionBudget'],
    )
    const { template, selector } = deployment.spec
    t.same(selector.matchLabels, template.metadata.labels)
    t.same(service.spec.selector, template.metadata.labels)
    t.same(budget.spec.selector.matchLabels, template.metadata.labels)

    const [container] = template.spec.containers
    assertCommand(t, container.args)
    t.match(container.ports, [{ name, containerPort: port }])
    t.match(service.spec.ports, [{ port, targetPort: name }])
    for (const probe of [
      container.startupProbe,
      container.readinessProbe,
      container.livenessProbe,
    ]) {
      assertProbe(t, probe, port)
    }
    const mounts = container.volumeMounts.map((mount) => mount.name)
    t.same(
      mounts,
      template.spec.volumes.map((volume) => volume.name),
    )
    t.ok(template.spec.securityContext.runAsNonRoot)
    const [command, seconds] = container.lifecycle.preStop.exec.command
    t.equal(command, 'sleep')
    t.ok(
      Number(seconds) < template.spec.terminationGracePeriodSeconds - 5,
      'a drain fits behind the pause',
    )
  })
}

function assertProbe(t: Test, probe: Probe, port: number): void {
  if (probe.httpGet) {
    t.match(probe.httpGet.path, /^\/health\/(live|ready)$/)
    t.equal(probe.httpGet.port, port)
  } else if (probe.exec) {
    assertCommand(t, probe.exec.command.slice(2))
  } else {
    t.equal(probe.tcpSocket?.port, port)
  }
}

await t.test('migrate.yaml: runs a command that exists', async (t) => {
  const [job] = manifestsOf('migrate.yaml')
  t.equal(job?.kind, 'Job')
  assertCommand(t, job?.spec.template.spec.containers[0].args ?? [])
})

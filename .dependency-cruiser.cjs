/**
 * The one architectural sentence, as a failing test:
 * bin → cli → app → adapters → service → realtime → domain → errors → util,
 * and adapters never import each other.
 */
const ADAPTERS = 'http|socket|grpc|auth|repository|broker|spreadsheet'

/** A rule that lets `layer` import only the listed layers of src. */
function only(layer, allowed, comment) {
  const list = [layer, ...allowed].join('|')
  return {
    name: `${layer}-imports`,
    severity: 'error',
    comment,
    from: { path: `^src/${layer}/` },
    to: { path: '^src/', pathNot: `^src/(${list})/` },
  }
}

const MOVE = 'Move the type to domain, add a port to domain, or wire it in app.'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    only('util', [], `util imports nothing of src. ${MOVE}`),
    only('errors', ['util'], `errors may import util. ${MOVE}`),
    only('domain', ['errors', 'util'], `domain may import errors and util. ${MOVE}`),
    only('realtime', ['domain', 'errors', 'util'], `realtime is pure. ${MOVE}`),
    only(
      'service',
      ['realtime', 'domain', 'errors', 'util'],
      `service knows no technology. ${MOVE}`,
    ),
    only('config', ['errors', 'util'], `config may import errors and util. ${MOVE}`),
    only('cli', ['app', 'config', 'errors'], `cli parses and calls app. ${MOVE}`),
    {
      name: 'adapter-imports',
      severity: 'error',
      comment: `An adapter sees itself and what is further in, never another adapter. ${MOVE}`,
      from: { path: `^src/(${ADAPTERS})/` },
      to: {
        path: '^src/',
        pathNot: '^src/($1|service|realtime|domain|errors|util)/',
      },
    },
    {
      name: 'app-not-to-cli',
      severity: 'error',
      comment: 'app may import everything but cli.',
      from: { path: '^src/app/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'bin-to-cli-only',
      severity: 'error',
      comment: 'bin calls the program in src/cli and nothing else.',
      from: { path: '^bin/' },
      to: { path: '^src/', pathNot: '^src/cli/' },
    },
    {
      name: 'core-has-no-packages',
      severity: 'error',
      comment:
        'domain, errors, realtime, service and util know no technology. Add a port to domain.',
      from: { path: '^src/(domain|errors|realtime|service|util)/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    {
      name: 'no-test-imports',
      severity: 'error',
      comment: 'Production code never imports test code or scripts.',
      from: { path: '^(src|bin)/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Break the cycle.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A source file that nobody imports is dead: delete it.',
      from: { orphan: true, path: '^src/' },
      to: {},
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'The import cannot be resolved.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      comment: 'Production code must not import a development dependency; types vanish and may.',
      from: { path: '^(src|bin)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
}

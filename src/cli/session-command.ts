import type { Command } from 'commander'
import type { AdminApp, CliEndResult, CliSession } from './cli-apps.js'
import {
  type CommandContext,
  type ConfigOptions,
  addConfigOptions,
  addExamples,
  loadCommandConfig,
  printJson,
  runCommand,
  withAdmin,
} from './command-context.js'
import { formatInstant, formatTable } from './format-table.js'
import { EXIT_OK } from './run-service.js'

interface ListOptions extends ConfigOptions {
  readonly user: string
  readonly json?: true
}

interface EndOptions extends ConfigOptions {
  readonly user?: string
  readonly json?: true
}

/** `app session list | end`. */
export function registerSessionCommand(program: Command, context: CommandContext): void {
  const group = program.command('session').description('List and end the sign-ins of a user.')
  addExamples(group, ['app session list --user ann', 'app session end --user ann'])
  registerList(group, context)
  registerEnd(group, context)
}

function registerList(group: Command, context: CommandContext): void {
  const command = group
    .command('list')
    .description('List the live sessions of a user, newest first.')
    .requiredOption('--user <username>', 'whose sessions')
  addConfigOptions(command).option('--json', 'print JSON')
  addExamples(command, ['app session list --user ann', 'app session list --user ann --json'])
  command.action((options: ListOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const sessions = await withAdmin(context, loaded, async (admin) => {
        const user = await admin.accounts.findByUsername(options.user)
        return admin.sessions.listForUser(user.id)
      })
      if (options.json) printJson(context, sessions)
      else context.io.stdout.write(formatSessions(sessions))
      return EXIT_OK
    }),
  )
}

function registerEnd(group: Command, context: CommandContext): void {
  const command = group
    .command('end')
    .description('End one session, or all of a user, in every process at once.')
    .argument('[id]', 'the session')
    .option('--user <username>', 'end all sessions of this user instead')
  addConfigOptions(command).option('--json', 'print JSON')
  addExamples(command, [
    'app session end 0199b0f3-6d0c-7c41-a2de-0b8f6b1f7a55',
    'app session end --user ann',
  ])
  command.action((id: string | undefined, options: EndOptions) =>
    runCommand(context, async () => {
      if ((id === undefined) === (options.user === undefined)) {
        command.error('error: give either the id of a session or --user <username>')
      }
      const loaded = await loadCommandConfig(context, options)
      const result = await withAdmin(context, loaded, (admin) => endSessions(admin, id, options))
      if (options.json) printJson(context, result)
      else context.io.stdout.write(formatResult(result))
      return EXIT_OK
    }),
  )
}

async function endSessions(
  { accounts, sessions }: AdminApp,
  id: string | undefined,
  options: EndOptions,
): Promise<CliEndResult> {
  if (options.user === undefined) return sessions.endAsAdmin({ sessionId: id ?? '' })
  const user = await accounts.findByUsername(options.user)
  return sessions.endAsAdmin({ userId: user.id })
}

function formatResult({ ended, connectionsClosed, processes }: CliEndResult): string {
  return (
    `${count(ended, 'session')} ended, ${count(connectionsClosed, 'connection')} closed, ` +
    `${processes.answered} of ${count(processes.asked, 'process', 'processes')} answered\n`
  )
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

function formatSessions(sessions: readonly CliSession[]): string {
  return formatTable(
    [
      { title: 'ID', value: (session) => session.id },
      { title: 'METHOD', value: (session) => session.method },
      { title: 'ADDRESS', value: (session) => session.address },
      { title: 'OPEN', value: (session) => session.connections },
      { title: 'CREATED', value: (session) => formatInstant(session.createdAt) },
      { title: 'LAST SEEN', value: (session) => formatInstant(session.lastSeenAt) },
      { title: 'EXPIRES', value: (session) => formatInstant(session.expiresAt) },
      { title: 'USER AGENT', value: (session) => session.userAgent },
    ],
    sessions,
  )
}

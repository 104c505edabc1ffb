import type { Command } from 'commander'
import type { AdminApp, CliUser } from './cli-apps.js'
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
import { integerBetween } from './parse-option.js'
import { promptPassword, readPasswordLine } from './read-password.js'
import { EXIT_OK } from './run-service.js'

const LIST_DEFAULT = 1000
const LIST_MAX = 1_000_000
const PAGE = 200

interface UserOptions extends ConfigOptions {
  readonly json?: true
}

interface CreateOptions extends UserOptions {
  readonly username: string
  readonly role: string
  readonly email?: string
  readonly displayName?: string
  readonly passwordStdin?: true
}

interface ListOptions extends UserOptions {
  readonly limit: number
}

/** `app user create | list | set-role`. */
export function registerUserCommand(program: Command, context: CommandContext): void {
  const group = program.command('user').description('Create, list and promote accounts.')
  addExamples(group, ['app user create --username ann --role admin', 'app user list'])
  registerCreate(group, context)
  registerList(group, context)
  registerSetRole(group, context)
}

function registerCreate(group: Command, context: CommandContext): void {
  const command = group
    .command('create')
    .description('Create an account. Asks for the password unless it comes on standard input.')
    .requiredOption('--username <name>', 'letters a-z, digits, ".", "_" or "-"')
    .option('--role <role>', 'user or admin', 'user')
    .option('--email <address>', 'e-mail address, which can be used to sign in')
    .option('--display-name <name>', 'name shown to people')
    .option('--password-stdin', 'take the password from the first line of standard input')
  addConfigOptions(command).option('--json', 'print JSON')
  addExamples(command, [
    'app user create --username ann --role admin',
    'app user create --username ann --role admin --password-stdin < password.txt',
    'app user create --username bob --email bob@example.com --display-name "Bob B."',
  ])
  command.action((options: CreateOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const password = options.passwordStdin
        ? await readPasswordLine(context.io.stdin)
        : await promptPassword(context.io)
      const { username, role, email, displayName } = options
      const user = await withAdmin(context, loaded, (admin) =>
        admin.accounts.createAsOperator({
          username,
          password,
          role,
          ...(email === undefined ? {} : { email }),
          ...(displayName === undefined ? {} : { displayName }),
        }),
      )
      const line = `created user ${user.username} with role ${user.role} (id ${user.id})`
      report(context, options, user, line)
      return EXIT_OK
    }),
  )
}

function registerList(group: Command, context: CommandContext): void {
  const command = group.command('list').description('List the accounts, oldest first.')
  addConfigOptions(command)
    .option('--limit <number>', 'at most so many', integerBetween(1, LIST_MAX), LIST_DEFAULT)
    .option('--json', 'print JSON')
  addExamples(command, ['app user list', 'app user list --limit 100000 --json'])
  command.action((options: ListOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const { users, more } = await withAdmin(context, loaded, (admin) =>
        listUsers(admin, options.limit),
      )
      if (options.json) printJson(context, users)
      else context.io.stdout.write(formatUsers(users))
      if (more) context.io.stderr.write('there are more; raise --limit to see them\n')
      return EXIT_OK
    }),
  )
}

function registerSetRole(group: Command, context: CommandContext): void {
  const command = group
    .command('set-role')
    .description('Give an account another role; it counts from the next access token on.')
    .argument('<username>', 'the account')
    .argument('<role>', 'user or admin')
  addConfigOptions(command).option('--json', 'print JSON')
  addExamples(command, ['app user set-role ann admin', 'app user set-role ann user'])
  command.action((username: string, role: string, options: UserOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const user = await withAdmin(context, loaded, (admin) =>
        admin.accounts.setRole(username, role),
      )
      report(context, options, user, `user ${user.username} now has role ${user.role}`)
      return EXIT_OK
    }),
  )
}

async function listUsers(
  { accounts }: AdminApp,
  limit: number,
): Promise<{ users: CliUser[]; more: boolean }> {
  const users: CliUser[] = []
  let after: string | null = null
  do {
    const size = Math.min(PAGE, limit - users.length)
    const page = await accounts.list({ limit: size, ...(after === null ? {} : { after }) })
    users.push(...page.users)
    after = page.next
  } while (after !== null && users.length < limit)
  return { users, more: after !== null }
}

function report(context: CommandContext, options: UserOptions, user: CliUser, line: string): void {
  if (options.json) printJson(context, user)
  else context.io.stdout.write(`${line}\n`)
}

function formatUsers(users: readonly CliUser[]): string {
  return formatTable(
    [
      { title: 'USERNAME', value: (user) => user.username },
      { title: 'NAME', value: (user) => user.displayName },
      { title: 'E-MAIL', value: (user) => user.email },
      { title: 'ROLE', value: (user) => user.role },
      { title: 'STATE', value: (user) => user.state },
      { title: 'CREATED', value: (user) => formatInstant(user.createdAt) },
      { title: 'ID', value: (user) => user.id },
    ],
    users,
  )
}

import type { Command } from 'commander'
import type { AdminApp, CliEndResult, CliUser } from './cli-apps.js'
import { collectPages } from './collect-pages.js'
import type { CommandContext, ConfigOptions } from './command-context.js'
import {
  type CommandDefinition,
  type CommandOutput,
  defineCommand,
  defineGroup,
  PRINT_JSON,
} from './define-command.js'
import { formatEndResult } from './format-end-result.js'
import { formatInstant, formatTable } from './format-table.js'
import { integerBetween } from './parse-option.js'
import { promptPassword, readPasswordLine } from './read-password.js'

const LIST_DEFAULT = 1000
const LIST_MAX = 1_000_000
/** A terminal has no account. */
const NOBODY = { actorId: null, address: null } as const

interface CreateOptions extends ConfigOptions {
  readonly username: string
  readonly role: string
  readonly email?: string
  readonly displayName?: string
  readonly passwordStdin?: true
}

interface ListOptions extends ConfigOptions {
  readonly limit: number
}

/** `app user create | list | set-role | freeze | unfreeze | delete | reset-password`. */
export function registerUserCommand(program: Command, context: CommandContext): void {
  const description = 'Create, list, change and delete accounts.'
  const group = defineGroup(program, 'user', description, [
    'app user create --username ann --role admin',
    'app user list',
    'app user freeze ann',
  ])
  defineCommand(group, context, CREATE)
  defineCommand(group, context, LIST)
  defineCommand(group, context, SET_ROLE)
  defineCommand(group, context, defineState('freeze', 'frozen'))
  defineCommand(group, context, defineState('unfreeze', 'active'))
  defineCommand(group, context, DELETE)
  defineCommand(group, context, RESET_PASSWORD)
}

const CREATE: CommandDefinition<CreateOptions> = {
  name: 'create',
  description: 'Create an account. Asks for the password unless it comes on standard input.',
  examples: [
    'app user create --username ann --role admin',
    'app user create --username ann --role admin --password-stdin < password.txt',
    'app user create --username bob --email bob@example.com --display-name "Bob B."',
  ],
  configure: (command) =>
    command
      .requiredOption('--username <name>', 'letters a-z, digits, ".", "_" or "-"')
      .option('--role <role>', 'user or admin', 'user')
      .option('--email <address>', 'e-mail address, which can be used to sign in')
      .option('--display-name <name>', 'name shown to people')
      .option('--password-stdin', 'take the password from the first line of standard input'),
  json: PRINT_JSON,
  run: async ({ context: { io }, options, load, admin }) => {
    // A configuration that is wrong is told before anybody types a password.
    await load()
    const { username, role, email, displayName, passwordStdin } = options
    const password = passwordStdin ? await readPasswordLine(io.stdin) : await promptPassword(io)
    const user = await admin(({ accounts }) =>
      accounts.createAsOperator({
        ...{ username, password, role },
        ...(email === undefined ? {} : { email }),
        ...(displayName === undefined ? {} : { displayName }),
      }),
    )
    return {
      text: `created user ${user.username} with role ${user.role} (id ${user.id})\n`,
      json: user,
    }
  },
}

const LIST: CommandDefinition<ListOptions> = {
  name: 'list',
  description: 'List the accounts, oldest first.',
  examples: ['app user list', 'app user list --limit 100000 --json'],
  configure: (command) =>
    command.option(
      '--limit <number>',
      'at most so many',
      integerBetween(1, LIST_MAX),
      LIST_DEFAULT,
    ),
  json: PRINT_JSON,
  run: async ({ context, options, admin }) => {
    const { items: users, more } = await admin((opened) => listUsers(opened, options.limit))
    if (more) context.io.stderr.write('there are more; raise --limit to see them\n')
    return { text: formatUsers(users), json: users }
  },
}

const SET_ROLE: CommandDefinition<ConfigOptions> = {
  name: 'set-role',
  description: 'Give an account another role; it counts from the next access token on.',
  examples: ['app user set-role ann admin', 'app user set-role ann user'],
  configure: (command) =>
    command.argument('<username>', 'the account').argument('<role>', 'user or admin'),
  json: PRINT_JSON,
  run: async ({ args: [username = '', role = ''], admin }) => {
    const user = await admin(({ accounts }) => accounts.setRole(username, role))
    return { text: `user ${user.username} now has role ${user.role}\n`, json: user }
  },
}

function defineState(
  name: 'freeze' | 'unfreeze',
  state: 'frozen' | 'active',
): CommandDefinition<ConfigOptions> {
  return {
    name,
    description:
      name === 'freeze'
        ? 'Keep an account from signing in, and end all its sessions in every process at once.'
        : 'Let a frozen account sign in again.',
    examples: [`app user ${name} ann`],
    configure: addUsername,
    json: PRINT_JSON,
    run: async ({ args: [username = ''], admin }) =>
      admin(async ({ accounts, userAdmin }) => {
        const { id } = await accounts.findByUsername(username)
        const { user, end } = await userAdmin.update(id, { state }, NOBODY)
        return changed(`user ${user.username} is now ${user.state}`, { user, end })
      }),
  }
}

const DELETE: CommandDefinition<ConfigOptions> = {
  name: 'delete',
  description: 'Delete an account for good, and end all its sessions in every process at once.',
  examples: ['app user delete ann'],
  configure: addUsername,
  json: PRINT_JSON,
  run: async ({ args: [username = ''], admin }) =>
    admin(async ({ accounts, userAdmin }) => {
      const user = await accounts.findByUsername(username)
      const end = await userAdmin.delete(user.id, NOBODY)
      return changed(`deleted user ${user.username} (id ${user.id})`, { user, end })
    }),
}

const RESET_PASSWORD: CommandDefinition<ConfigOptions> = {
  name: 'reset-password',
  description:
    'Make a link with which the owner of an account sets a new password, once. The password of now ' +
    'stays good until then.',
  examples: ['app user reset-password ann', 'app user reset-password ann --json'],
  configure: addUsername,
  json: PRINT_JSON,
  run: async ({ args: [username = ''], admin }) =>
    admin(async ({ accounts, credentials }) => {
      const { id } = await accounts.findByUsername(username)
      const made = await credentials.createResetLink(id, NOBODY)
      const until = formatInstant(made.expiresAt) ?? ''
      const what = made.link ?? `token for POST /auth/reset_password: ${made.token}`
      return { text: `${what}\ngood once, until ${until}\n`, json: made }
    }),
}

function addUsername(command: Command): void {
  command.argument('<username>', 'the account')
}

function changed(line: string, result: { user: CliUser; end: CliEndResult }): CommandOutput {
  return { text: `${line}\n${formatEndResult(result.end)}`, json: result }
}

function listUsers(
  { accounts }: AdminApp,
  limit: number,
): Promise<{ items: CliUser[]; more: boolean }> {
  return collectPages(limit, async (size, after: string | null) => {
    const { users, next } = await accounts.list({
      limit: size,
      ...(after === null ? {} : { after }),
    })
    return { items: users, next }
  })
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

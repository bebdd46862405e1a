import { type Arguments, readArguments } from './command-line/arguments.ts'
import { CONFIG_FILE_VARIABLE, type CommandName, commandNames } from './command-line/flags.ts'
import { helpText, USAGE } from './command-line/help.ts'
import type { Environment, FlagValues } from './config/overrides.ts'
import { settings } from './config/settings.ts'
import { SOURCE_NAME_PATTERN, SOURCE_NAME_REQUIREMENT } from './config/source-schema.ts'
import { didYouMean } from './config/suggest.ts'

/** What the command line asks for; `file`, `flags` and `env` go to `loadConfig` as they are. */
export type Command =
  | {
      readonly command: 'serve' | 'check-config'
      readonly file: string | undefined
      readonly flags: FlagValues
      readonly env: Environment
    }
  | {
      readonly command: 'inspect'
      readonly paths: readonly string[]
      readonly events: boolean
      /** One of the settings' dialects. */
      readonly dialect: string
      /** Which source of the configuration the files are of. */
      readonly source: string
      readonly file: string | undefined
    }
  | {
      readonly command: 'replay'
      readonly paths: readonly string[]
      readonly source: string
      readonly vantage: 'server' | 'client'
      /** One of the settings' dialects. */
      readonly dialect: string
      /** Where backends are named, and the source of this name may be. */
      readonly file: string | undefined
    }
  | { readonly command: 'help'; readonly text: string }
  | { readonly command: 'version' }

/** A command line that makes no sense: `text` goes to standard error. */
export interface CommandLineError {
  readonly command: 'error'
  readonly text: string
  readonly exitCode: 2
}

/** Reads the arguments that follow the program's name; the first may be a sub-command. */
export function parseCommandLine(
  argv: readonly string[],
  env: Environment,
): Command | CommandLineError {
  const [first] = argv
  const isNamed = first !== undefined && !first.startsWith('-')
  const name = isNamed ? commandNames.find((known) => known === first) : 'serve'
  if (name === undefined) return failure(unknownCommand(first ?? ''))
  const given = readArguments(name, isNamed ? argv.slice(1) : argv)
  if (typeof given === 'string') return failure(given)
  if (given.flags.help === true) return { command: 'help', text: helpText() }
  if (given.flags.version === true) return { command: 'version' }
  return readCommand(given, env)
}

function readCommand(given: Arguments, env: Environment): Command | CommandLineError {
  const { name, flags: values, operands } = given
  if (name === 'serve' || name === 'check-config') {
    const [extra] = operands
    if (extra !== undefined) return failure(unexpectedOperand(name, extra))
    const { 'config.file': fileFlag, ...settings } = values
    // As with every variable, an empty one counts as not set.
    const file = typeof fileFlag === 'string' ? fileFlag : env[CONFIG_FILE_VARIABLE] || undefined
    return { command: name, file, flags: settings, env }
  }
  if (operands.length === 0) return failure(`${name} needs at least one PATH\n\n${USAGE}`)
  const { source = 'qlog', vantage = 'server', dialect = 'auto', 'config.file': file } = values
  if (typeof source !== 'string' || !SOURCE_NAME_PATTERN.test(source)) {
    return failure(`--source ${SOURCE_NAME_REQUIREMENT}, not ${JSON.stringify(source)}`)
  }
  if (vantage !== 'server' && vantage !== 'client') {
    const near = didYouMean(String(vantage), ['server', 'client'])
    return failure(`--vantage must be server or client, not ${JSON.stringify(vantage)}${near}`)
  }
  const dialects = settings.find(({ key }) => key === 'sources[].dialect')?.choices ?? []
  if (typeof dialect !== 'string' || !dialects.includes(dialect)) {
    const near = didYouMean(String(dialect), dialects)
    return failure(
      `--dialect must be one of ${dialects.join(', ')}, not ${JSON.stringify(dialect)}${near}`,
    )
  }
  const common = {
    paths: operands,
    source,
    dialect,
    file: typeof file === 'string' ? file : undefined,
  }
  if (name === 'inspect') return { command: name, ...common, events: values.events === true }
  return { command: name, ...common, vantage }
}

function unknownCommand(written: string): string {
  const hint = /[./]/.test(written) ? pathHint(written) : didYouMean(written, commandNames)
  return `unknown sub-command ${JSON.stringify(written)}${hint}`
}

function unexpectedOperand(name: CommandName, operand: string): string {
  return `${name} takes no argument ${JSON.stringify(operand)}${operandHint(operand)}`
}

function operandHint(operand: string): string {
  if (commandNames.some((known) => known === operand)) return ': a sub-command comes first'
  if (operand === 'true' || operand === 'false') return ': a switch takes its value after "="'
  return pathHint(operand)
}

function pathHint(path: string): string {
  return `: did you mean ${/\.ya?ml$/.test(path) ? '--config.file' : '--qlog-dir'}?`
}

function failure(text: string): CommandLineError {
  const hint = text.includes('\n') ? '' : '\nTry quic-lb-exporter --help.'
  return { command: 'error', text: `quic-lb-exporter: ${text}${hint}\n`, exitCode: 2 }
}

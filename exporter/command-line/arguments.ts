import { parseArgs } from 'node:util'
import type { FlagValues } from '../config/overrides.ts'
import { didYouMean } from '../config/suggest.ts'
import { type CommandName, type Flag, flags } from './flags.ts'

/** What was given to a sub-command. */
export interface Arguments {
  readonly name: CommandName
  readonly flags: FlagValues
  readonly operands: readonly string[]
}

/** The arguments of a sub-command, or what is wrong with them. */
export function readArguments(name: CommandName, args: readonly string[]): Arguments | string {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(flags.map((flag) => [flag.name, optionOf(flag)])),
    strict: false,
    tokens: true,
  })
  const values: Record<string, boolean | string | string[]> = {}
  const operands: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const written = token.rawName === '-h' ? '--help' : token.rawName
    const { flag, value } = readFlag(written, token.value)
    if (flag === undefined) return unknownFlag(args[token.index] ?? written)
    if (!flag.commands.includes(name)) {
      return `--${flag.name} does not belong to ${name}, but to ${flag.commands.join(', ')}`
    }
    // Without "=" the next argument is taken, even if it is the next flag.
    const isNextFlag = token.inlineValue === false && token.value.startsWith('-')
    if (value === undefined || value === '' || isNextFlag) {
      return flag.isSwitch
        ? `--${flag.name} takes no value other than true or false`
        : `--${flag.name} needs a value: ${flag.placeholder}`
    }
    const before = values[flag.name]
    if (flag.repeatable) values[flag.name] = [...(Array.isArray(before) ? before : []), `${value}`]
    else values[flag.name] = value
  }
  return { name, flags: values, operands }
}

function optionOf(flag: Flag): { type: 'boolean' | 'string'; short?: string } {
  const type = flag.isSwitch ? 'boolean' : 'string'
  return flag.name === 'help' ? { type, short: 'h' } : { type }
}

/** The flag that was written and its value; no value if the one that was given does not fit. */
function readFlag(
  written: string,
  value: string | undefined,
): { readonly flag?: Flag; readonly value?: boolean | string | undefined } {
  const flag = flags.find((known) => `--${known.name}` === written)
  if (flag !== undefined && !flag.isSwitch) return { flag, value }
  if (flag !== undefined && (value === undefined || value === 'true')) return { flag, value: true }
  if (flag !== undefined) return value === 'false' ? { flag, value: false } : { flag }
  const negated = flags.find((known) => negation(known) === written)
  if (negated === undefined) return {}
  return value === undefined ? { flag: negated, value: false } : { flag: negated }
}

function negation(flag: Flag): string | undefined {
  return flag.isSwitch ? `--no-${flag.name}` : undefined
}

function unknownFlag(argument: string): string {
  const [written = ''] = argument.split('=')
  const known = flags.flatMap((flag) => [`--${flag.name}`, negation(flag) ?? []].flat())
  return `unknown flag ${JSON.stringify(written)}${didYouMean(written, known)}`
}

import { environmentName, type Setting, settings } from '../config/settings.ts'

/** A sub-command's name. */
export type CommandName = (typeof commandNames)[number]

/** The sub-commands; the first is what runs without one. */
export const commandNames = ['serve', 'check-config', 'inspect', 'replay'] as const

/** One flag of the command line. */
export interface Flag {
  /** Name without its hyphens. */
  readonly name: string
  readonly isSwitch: boolean
  readonly repeatable: boolean
  /** Sub-commands that know it. */
  readonly commands: readonly CommandName[]
  /** Heading of its lines in help. */
  readonly group: string
  readonly placeholder: string
  readonly help: string
}

const GROUPS: Readonly<Record<string, string>> = {
  sources: 'What to read (a --qlog-dir is a source, other flags hold for all sources)',
  tail: 'How files are followed',
  storage: 'Restarts',
  startup: 'Restarts',
  shutdown: 'Restarts',
  connections: 'Bounds',
  metrics: 'Bounds',
  probes: 'Probes',
  web: 'Server',
  log: 'Logs',
}

/** Settings that hold for a command that reads files once. */
const OFFLINE_SETTINGS: Readonly<Record<string, readonly CommandName[]>> = {
  vantage: ['replay'],
  dialect: ['inspect', 'replay'],
}

/** Variable that stands in for `--config.file`. */
export const CONFIG_FILE_VARIABLE = environmentName('config.file')

/** Every flag, in the order of help. */
export const flags: readonly Flag[] = [
  ...settings.flatMap(settingFlag),
  {
    name: 'config.file',
    isSwitch: false,
    repeatable: false,
    commands: ['serve', 'check-config', 'inspect', 'replay'],
    group: 'General',
    placeholder: 'FILE',
    help: 'YAML file of settings; flags and environment win over it.',
  },
  {
    name: 'events',
    isSwitch: true,
    repeatable: false,
    commands: ['inspect'],
    group: 'inspect',
    placeholder: '',
    help: 'Print the normalised events, one JSON object a line.',
  },
  {
    name: 'source',
    isSwitch: false,
    repeatable: false,
    commands: ['inspect', 'replay'],
    group: 'replay',
    placeholder: 'NAME',
    help: 'Value of the label source (qlog).',
  },
  generalSwitch('help', 'Print this text.'),
  generalSwitch('version', 'Print the version.'),
]

function settingFlag(setting: Setting): readonly Flag[] {
  if (setting.flag === undefined) return []
  const others = OFFLINE_SETTINGS[setting.flag] ?? []
  return [
    {
      name: setting.flag,
      isSwitch: setting.type === 'boolean',
      repeatable: setting.list,
      commands: ['serve', 'check-config', ...others],
      group: GROUPS[setting.section] ?? setting.section,
      placeholder: setting.placeholder,
      help: `${setting.description.replaceAll('`', '')}${defaultNote(setting)}`,
    },
  ]
}

function defaultNote({ default: value }: Setting): string {
  if (value === undefined) return ''
  const text = Array.isArray(value) ? value.join(', ') : String(value)
  return ` (${text})`
}

function generalSwitch(name: string, help: string): Flag {
  return {
    name,
    isSwitch: true,
    repeatable: false,
    commands: commandNames,
    group: 'General',
    placeholder: '',
    help,
  }
}

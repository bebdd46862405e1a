import { type Section, type Setting, sections } from './settings.ts'

const INTRODUCTION = `# Configuration

*Generated from the schema by \`npm run docs\`; change \`exporter/config/schema.ts\` instead.*

Every setting has a default except what to read: \`npm start -- --qlog-dir /var/log/qlog\` is a
complete start. A setting can be given in three places; the first of these that has it wins:

1. a flag,
2. an environment variable (an empty one counts as not set; a list is separated by commas),
3. the YAML file named by \`--config.file\` or \`QUIC_LB_EXPORTER_CONFIG_FILE\`.

A switch is turned on by \`--tail.watch\` and off by \`--no-tail.watch\` or \`--tail.watch=false\`. A flag
for a list is repeated, and the list that it makes replaces the file's. The flags of \`sources\` without
a section in their name hold for every source.

Durations are a whole number and \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`; sizes a whole number of bytes or of
\`KiB\`, \`MiB\` or \`GiB\`. \`config.example.yml\` holds every setting with its default, and
[config.schema.json](config.schema.json) is the JSON Schema of the file for editors.

\`npx node exporter/main.ts check-config\` reads everything and prints all mistakes at once, one a line, as
\`file:line:column path: message\`. A mistake, an unknown key among them, means exit code 2 and no
start.
`

const COLUMNS = ['key', 'type', 'default', 'flag and variables', 'meaning']

/** The configuration reference as a Markdown page. */
export function configurationReference(): string {
  return [INTRODUCTION, ...sections.map(renderSection)].join('\n')
}

function renderSection({ name, description, settings }: Section): string {
  const head = `## ${name}\n\n${description}\n\n| ${COLUMNS.join(' | ')} |\n|${'---|'.repeat(COLUMNS.length)}`
  return [head, ...settings.map(renderSetting), ''].join('\n')
}

function renderSetting(setting: Setting): string {
  const places = [flagText(setting), ...setting.env.map(code)].filter((text) => text !== '')
  const cells = [
    code(setting.key),
    typeName(setting),
    defaultText(setting),
    places.join('<br>') || 'none',
    [setting.description, setting.details].filter((text) => text !== '').join(' '),
  ]
  return `| ${cells.join(' | ')} |`
}

function typeName({ type, list, choices, limits }: Setting): string {
  const one = choices.length > 0 ? choices.map(code).join(', ') : `${type} ${limits}`.trim()
  return list ? `list of ${one}` : one
}

function defaultText({ default: value }: Setting): string {
  if (value === undefined) return 'none'
  return Array.isArray(value) ? value.map(code).join(', ') : code(value)
}

function flagText({ flag, type, list, placeholder }: Setting): string {
  if (flag === undefined) return ''
  if (type === 'boolean') return `${code(`--${flag}`)}, ${code(`--no-${flag}`)}`
  return `${code(`--${flag} ${valueName(placeholder)}`)}${list ? ', repeatable' : ''}`
}

/** A placeholder that lists words would end a cell of the table. */
function valueName(placeholder: string): string {
  return placeholder.includes('|') ? 'WORD' : placeholder
}

function code(value: unknown): string {
  return `\`${String(value)}\``
}

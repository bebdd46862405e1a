import type { ConfigPath } from './problems.ts'
import { type Setting, settings } from './settings.ts'

/** Flags as they were given: a switch, the last value of a setting, or all values of a list. */
export type FlagValues = Readonly<Record<string, boolean | string | readonly string[]>>

/** Variables of the process environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What flags and environment made of a configuration. */
export interface Overridden {
  readonly value: unknown
  /** The flag or variable that set the value at a path, or undefined if the file did. */
  readonly originOf: (path: ConfigPath) => string | undefined
}

interface Override {
  readonly setting: Setting
  readonly value: unknown
  readonly origin: string
}

type Mapping = Record<string, unknown>

/** Lays flags over environment over the values of the file; unknown variables are ignored. */
export function override(value: unknown, flags: FlagValues, env: Environment): Overridden {
  const root = isMapping(value) ? structuredClone(value) : {}
  const origins: { readonly path: ConfigPath; readonly origin: string }[] = []
  const set = (parent: Mapping, path: ConfigPath, name: string, { value, origin }: Override) => {
    parent[name] = value
    origins.push({ path: [...path, name], origin })
  }
  for (const found of settings.flatMap((setting) => findOverride(setting, flags, env))) {
    const { section, name, flag } = found.setting
    if (flag === 'qlog-dir') {
      const paths = Array.isArray(found.value) ? found.value : []
      const sources = paths.map((path) => ({ paths: [path] }))
      set(root, [], 'sources', { ...found, value: sources })
    } else if (section === 'sources') {
      const sources = Array.isArray(root.sources) ? root.sources : []
      for (const [index, source] of sources.entries()) {
        if (isMapping(source)) set(source, [section, index], name, found)
      }
    } else {
      const parent = isMapping(root[section]) ? root[section] : {}
      root[section] = parent
      set(parent, [section], name, found)
    }
  }
  // The last one wins: a flag for all sources is laid over sources that came from a flag.
  const originOf = (path: ConfigPath) =>
    origins.findLast((entry) => entry.path.every((step, index) => step === path[index]))?.origin
  return { value: root, originOf }
}

function findOverride(setting: Setting, flags: FlagValues, env: Environment): readonly Override[] {
  const given = setting.flag === undefined ? undefined : flags[setting.flag]
  if (given !== undefined) {
    return [{ setting, value: fromText(setting, given), origin: `--${setting.flag}` }]
  }
  // An empty variable is what `${UNSET:-}` leaves behind: nobody means it.
  const variable = setting.env.find((name) => (env[name] ?? '') !== '')
  if (variable === undefined) return []
  const text = env[variable] ?? ''
  const value = setting.list ? text.split(',').map((part) => part.trim()) : text
  return [{ setting, value: fromText(setting, value), origin: variable }]
}

function fromText(setting: Setting, given: boolean | string | readonly string[]): unknown {
  if (typeof given !== 'string') return given
  if (setting.type === 'boolean') {
    if (given === 'true' || given === '1') return true
    return given === 'false' || given === '0' ? false : given
  }
  const isNumber = setting.type === 'number' && /^[0-9]+(\.[0-9]+)?$/.test(given)
  return isNumber ? Number(given) : given
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

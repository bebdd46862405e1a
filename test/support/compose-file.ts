/** What a compose file says, and what is wrong in it; nothing is started. */
import { parse } from 'yaml'

/** One service, as far as it is looked at. */
export interface Service {
  readonly image?: string
  readonly build?: string
  readonly user?: string
  readonly profiles?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly tmpfs?: readonly string[]
  readonly ports?: readonly string[]
  readonly networks?: readonly string[]
  readonly network_mode?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly cap_add?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly restart?: string
  readonly logging?: { readonly options?: Readonly<Record<string, string>> }
  readonly depends_on?: Readonly<Record<string, { readonly condition?: string }>>
  readonly healthcheck?: Readonly<Record<string, unknown>>
}

/** A compose file, as far as it is looked at. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes?: Readonly<Record<string, unknown>>
  readonly networks?: Readonly<Record<string, unknown>>
}

/** Reads a compose file, with its anchors merged and its variables as they stand. */
export function readCompose(text: string): ComposeFile {
  return parse(text, { merge: true })
}

/** One entry of `volumes`. */
export interface Mount {
  readonly from: string
  readonly to: string
  readonly mode: string
}

/** The mounts of a service, variables replaced by their defaults. */
export function mountsOf(service: Service): Mount[] {
  return (service.volumes ?? []).map((entry) => {
    const [from = '', to = '', mode = 'rw'] = withDefaults(entry).split(':')
    return { from, to, mode }
  })
}

/** The text with each `${NAME:-value}` replaced by the value. */
export function withDefaults(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
}

const KEYS = new Set(
  (
    'image build user profiles command environment volumes tmpfs ports networks network_mode ' +
    'read_only cap_drop cap_add security_opt restart logging depends_on healthcheck working_dir'
  ).split(' '),
)
const VERSION = /^[\w./-]+:v?\d+\.\d+\.\d+(-[\w.-]+)?$/
const CORE = ['exporter', 'prometheus', 'alertmanager', 'grafana']
/** Programs whose files ask for a capability, so that they do not start without it. */
const MAY_ADD: Readonly<Record<string, string>> = { caddy: 'NET_BIND_SERVICE' }

/** Everything that is wrong in a compose file, each with the service it is in. */
export function composeProblems({ services, volumes = {}, networks = {} }: ComposeFile): string[] {
  const problems = Object.entries(services).flatMap(([name, service]) =>
    [...hardening(service), ...running(service), ...reachable(service, networks)]
      .concat(mounting(service, volumes), depending(service, services))
      .map((problem) => `${name}: ${problem}`),
  )
  for (const name of CORE) {
    if (services[name] === undefined) problems.push(`${name}: not there`)
    else if (services[name].profiles) problems.push(`${name}: in a profile`)
  }
  const used = new Set(
    Object.values(services).flatMap((service) => mountsOf(service).map(({ from }) => from)),
  )
  for (const name of Object.keys(volumes))
    if (!used.has(name)) problems.push(`volume ${name}: not used`)
  return problems
}

function hardening(service: Service): string[] {
  const problems: string[] = []
  const { cap_add: added = [], image = '' } = service
  if (!/^[1-9]\d*:\d+$/.test(service.user ?? '')) problems.push('no user by number, or root')
  if (service.read_only !== true) problems.push('can write to its image')
  if (service.cap_drop?.join() !== 'ALL') problems.push('keeps capabilities')
  if (added.some((one) => one !== MAY_ADD[image.split(':')[0] ?? '']))
    problems.push('adds a capability')
  if (!service.security_opt?.includes('no-new-privileges:true'))
    problems.push('may gain privileges')
  // What is not known here was not thought about: privileged, pid, devices, ….
  for (const key of Object.keys(service)) if (!KEYS.has(key)) problems.push(`unknown key ${key}`)
  return problems
}

function running(service: Service): string[] {
  const problems: string[] = []
  const { image = '', healthcheck = {}, logging } = service
  const isOurs = service.build === '.' && image === 'quic-lb-exporter:local'
  if (!isOurs && (service.build !== undefined || !VERSION.test(image)))
    problems.push(`image ${image}`)
  const { test, interval, timeout, retries } = healthcheck
  const isWhole =
    Array.isArray(test) && test[0] === 'CMD' && timeout !== undefined && retries !== undefined
  // The image of the exporter brings its own question.
  if (interval === undefined || !(isOurs ? test === undefined : isWhole))
    problems.push('health check')
  if (service.restart !== 'unless-stopped') problems.push('does not come back')
  if (!(logging?.options?.['max-size'] && logging.options['max-file'])) problems.push('endless log')
  return problems
}

function reachable(service: Service, networks: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = []
  for (const port of service.ports ?? []) {
    if (!/^127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+(\/(tcp|udp))?$/.test(port))
      problems.push(`port ${port}`)
  }
  const { network_mode: mode, networks: own = [] } = service
  if (mode !== undefined && mode !== 'none') problems.push(`network mode ${mode}`)
  if (mode === undefined && own.length === 0) problems.push('in the default network')
  for (const name of own) if (!(name in networks)) problems.push(`network ${name}`)
  if (service.profiles?.includes('replay') && mode !== 'none')
    problems.push('the replay has a network')
  return problems
}

function mounting(service: Service, volumes: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = []
  for (const { from, to, mode } of mountsOf(service)) {
    if (from.startsWith('./')) {
      if (mode !== 'ro') problems.push(`may write to ${from}`)
    } else if (!(from in volumes)) {
      problems.push(`mount of ${from}`)
    }
    if (!to.startsWith('/')) problems.push(`mount at ${to}`)
  }
  return problems
}

function depending(service: Service, services: ComposeFile['services']): string[] {
  return Object.entries(service.depends_on ?? {}).flatMap(([name, { condition }]) => {
    const other = services[name]
    if (other === undefined) return [`depends on ${name}, which is not there`]
    if (condition !== 'service_healthy') return [`does not wait until ${name} is healthy`]
    const there = other.profiles ?? service.profiles ?? []
    const isThere = (service.profiles ?? [undefined]).every((one) =>
      one === undefined ? !other.profiles : there.includes(one),
    )
    return isThere ? [] : [`depends on ${name} of another profile`]
  })
}

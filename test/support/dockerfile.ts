/** What a Dockerfile says, and what is wrong in it; nothing is built. */

/** One instruction: its word in capitals, and the rest with continuation lines joined. */
export interface Instruction {
  readonly word: string
  readonly rest: string
}

/** The instructions of a Dockerfile, comments left out. */
export function instructionsOf(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line))
  const joined = lines.join('\n').replaceAll(/\\\n\s*/g, '')
  return joined.split('\n').map((line) => {
    const [, word = '', rest = ''] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? []
    return { word: word.toUpperCase(), rest }
  })
}

/** Whether a .dockerignore keeps a path from the builder: the last pattern that fits decides. */
export function isIgnored(dockerignore: string, path: string): boolean {
  let ignored = false
  for (const line of dockerignore.split('\n')) {
    const pattern = line.trim()
    if (pattern === '' || pattern.startsWith('#')) continue
    const isException = pattern.startsWith('!')
    if (fits(pattern.replace(/^!/, ''), path)) ignored = !isException
  }
  return ignored
}

// A pattern also stands for all that lies under what it names.
function fits(pattern: string, path: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**/', '(?:.*/)?')
    .replaceAll(/(?<!\.)\*/g, '[^/]*')
  return new RegExp(`^${source}(?:/|$)`).test(path)
}

const SECRET = /token|secret|password|passwd|credential|_key\b|_auth\b/i
const SECRET_FILES = /\.npmrc|\.env\b|\.pem\b|\.key\b|id_rsa/
/** Needs the base image and npm only: no other way to bring something in. */
const FETCHING = /\b(curl|wget|apt-get|apt|apk|git)\b/
const JSON_FORM = /^\[".*"\]$/

/** Everything that is wrong in a Dockerfile; `node` is the Node.js that the tests run on. */
export function dockerfileProblems(text: string, node: string): string[] {
  const all = instructionsOf(text)
  const last = all.slice(all.findLastIndex(({ word }) => word === 'FROM'))
  const of = (list: readonly Instruction[], word: string) =>
    list.filter((one) => one.word === word).map(({ rest }) => rest)
  const problems: string[] = []
  const unless = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem)
  }

  unless(
    !/^#\s*(syntax|escape|check)\s*=/im.test(text),
    'a parser directive: it fetches another image',
  )
  const bases = of(all, 'FROM').map((rest) => rest.split(' ')[0])
  unless(bases.length > 1, 'one stage only')
  for (const base of bases) {
    unless(base === `node:${node}-bookworm-slim`, `base ${base} is not Node.js ${node}, slim`)
  }
  for (const { word, rest } of all) {
    unless(word !== 'ADD', 'ADD')
    unless(!/https?:\/\/(?!127\.0\.0\.1)/.test(rest), `${word} names an address`)
    const isVariable = word === 'ARG' || word === 'ENV'
    unless(!(isVariable && SECRET.test(rest)), `${word} for a secret`)
    unless(!(word === 'COPY' && SECRET_FILES.test(rest)), 'COPY of a secret')
    unless(!(word === 'COPY' && /^(--\S+ )*\.\/? /.test(rest)), 'COPY of everything')
    unless(!(word === 'RUN' && FETCHING.test(rest)), 'RUN fetches something that is no package')
    unless(!(word === 'RUN' && /npm (install|i|add)\b/.test(rest)), 'npm install')
    unless(
      !(word === 'RUN' && /npm ci/.test(rest) && !/--ignore-scripts/.test(rest)),
      'scripts run',
    )
  }
  const runs = of(all, 'RUN').join('\n')
  unless(/npm ci/.test(runs), 'no npm ci')
  unless(/npm prune --omit=dev/.test(runs), 'development packages stay')

  for (const rest of of(last, 'COPY')) unless(rest.startsWith('--from='), 'sources in the image')
  unless(!/npm/.test(of(last, 'RUN').join()), 'npm runs in the image')
  unless(/^[1-9]\d*:[1-9]\d*$/.test(of(last, 'USER').at(-1) ?? ''), 'no user by number, or root')
  const health = of(last, 'HEALTHCHECK').at(-1) ?? ''
  unless(/CMD \["node", /.test(health) && health.includes('/-/healthy'), 'no health check by node')
  for (const flag of ['interval', 'timeout', 'start-period', 'retries']) {
    unless(health.includes(`--${flag}=`), `the health check has no ${flag}`)
  }
  unless(JSON_FORM.test(of(last, 'ENTRYPOINT').at(-1) ?? ''), 'a shell before the program')
  unless(of(last, 'EXPOSE').includes('19114'), 'the port is not told')
  unless(of(last, 'VOLUME').includes('/var/lib/quic-lb-exporter'), 'nowhere to keep the state')
  return problems
}

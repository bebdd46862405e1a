/** What the live tests of request logs share: snippets from the documents, clients that count, our view. */
import { readFile, writeFile } from 'node:fs/promises'
import { get as request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { Backend } from './backends.ts'
import { type Exporter, type Page, startExporterWith } from './exporter.ts'
import { peer } from './peers.ts'
import { run } from './processes.ts'
import { SERVER_NAME } from './workspace.ts'

const PROXIES = fileURLToPath(new URL('../../docs/proxies', import.meta.url))

/** The first block of a language in the chapter "Request log" of a proxy's document, with replacements. */
export async function snippet(
  proxy: string,
  language: string,
  replacements: readonly (readonly [from: string, to: string])[],
): Promise<string> {
  const text = await readFile(join(PROXIES, `${proxy}.md`), 'utf8')
  const chapter = text.slice(text.indexOf('## Request log'))
  const block = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(chapter)?.[1]
  if (block === undefined) throw new Error(`${proxy}.md has no ${language} block`)
  return replacements.reduce((config, [from, to]) => {
    if (!config.includes(from)) throw new Error(`${proxy}.md no longer has ${from}`)
    return config.replaceAll(from, to)
  }, block)
}

/** The documented addresses of backends, and where they really are. */
export function places(backends: readonly Backend[]): (readonly [string, string])[] {
  return backends.map(({ address }, index) => [`10.0.0.${index + 1}:8080`, address])
}

/** Our exporter with the documented source, on a log that is elsewhere. */
export async function watch(
  t: Test,
  directory: string,
  proxy: string,
  replacements: readonly (readonly [from: string, to: string])[],
): Promise<Exporter> {
  const config = join(directory, 'exporter.yml')
  const text = await snippet(proxy, 'yaml', replacements)
  await writeFile(config, `${text}    start_at: beginning\n`)
  return startExporterWith(t, ['--config.file', config])
}

export const PROTOCOLS = { 'http/1.1': '--http1.1', h2: '--http2', h3: '--http3-only' } as const
export type ProtocolName = keyof typeof PROTOCOLS

/** One request as its client saw it; status 0: it got none. */
export interface Asked {
  readonly protocol: ProtocolName
  readonly status: number
  /** Who says that it answered. */
  readonly backend: string
}

/** Paths, each with options of curl's own. */
export type Wish = string | readonly [path: string, ...options: string[]]

/** Asks one after another, each on a connection of its own, over one protocol. */
export async function ask(
  t: Test,
  port: number,
  protocol: ProtocolName,
  wishes: readonly Wish[],
): Promise<Asked[]> {
  const asked: Asked[] = []
  for (const wish of wishes) {
    const [path, ...options] = typeof wish === 'string' ? [wish] : wish
    const { stdout } = await run(t, {
      program: peer('curl'),
      args: [
        ...['--silent', '--insecure', '--max-time', '20', PROTOCOLS[protocol], ...options],
        ...['--resolve', `${SERVER_NAME}:${port}:127.0.0.1`, '-o', '/dev/null'],
        ...['--write-out', '%{http_code} %header{x-backend}'],
        `https://${SERVER_NAME}:${port}${path}`,
      ],
    })
    const [status = '', backend = ''] = stdout.split(' ')
    asked.push({ protocol, status: Number(status), backend })
  }
  return asked
}

/** A family's samples above 0, by the values of these labels. */
export function table(page: Page, name: string, ...labels: string[]): Record<string, number> {
  const lines = page.text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))
  const sums: Record<string, number> = {}
  for (const [, written = '', value] of lines) {
    const all = new Map(
      [...written.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]),
    )
    const key = labels.map((label) => all.get(label)).join(' ')
    if (Number(value) > 0) sums[key] = (sums[key] ?? 0) + Number(value)
  }
  return sums
}

/** How often each word comes. */
export function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

/** `2xx` for 204. */
export function classOf(status: number): string {
  return status < 100 ? 'other' : `${Math.floor(status / 100)}xx`
}

/** What was asked in each phase of the scenario. */
export interface Story {
  readonly asked: readonly Asked[]
  /** Requests that their clients gave up before any answer, by protocol. */
  readonly givenUp: Record<string, number>
  /** Responses that a backend broke off half-way, by protocol. */
  readonly brokenOff: Record<string, number>
}

const CALM: readonly Wish[] = [
  ...Array.from({ length: 6 }, () => '/item'),
  '/status/404',
  '/status/503',
  ['/item', '--data', 'x'],
  ['/item', '--head'],
]

/**
 * Over each protocol: answers of all kinds, a client that gives up, a backend that breaks off; then b2 is
 * killed, then all are, then all come back; the balancer is given the time to notice both.
 */
export async function scenario(
  t: Test,
  port: number,
  backends: readonly Backend[],
  noticed: { readonly down: () => Promise<unknown>; readonly up: () => Promise<unknown> },
): Promise<Story> {
  const protocols = Object.keys(PROTOCOLS) as ProtocolName[]
  const over = async (wishes: readonly Wish[]) => {
    const asked: Asked[] = []
    for (const protocol of protocols) asked.push(...(await ask(t, port, protocol, wishes)))
    return asked
  }
  const asked = await over(CALM)
  const givenUp = await over([['/slow/2000', '--max-time', '0.4']])
  const brokenOff = await over(['/half'])
  await backends[1]?.kill()
  asked.push(...(await over(['/item', '/item', '/item', '/item'])))
  for (const backend of backends) await backend.kill()
  asked.push(...(await over(['/item', '/item'])))
  await noticed.down()
  for (const backend of backends) await backend.revive()
  await noticed.up()
  asked.push(...(await over(['/item'])))
  return {
    asked,
    givenUp: tally(givenUp.map(({ protocol }) => protocol)),
    brokenOff: tally(brokenOff.map(({ protocol }) => protocol)),
  }
}

/** What the backends say that they answered, by name and class of status. */
export function answers(backends: readonly Backend[]): Record<string, number> {
  return tally(
    backends.flatMap(({ name, answered }) =>
      answered.map((status) => `${name} ${classOf(status)}`),
    ),
  )
}

/** Entries of some keys only. */
export function only(
  counts: Readonly<Record<string, number>>,
  holds: (key: string) => boolean,
): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([key]) => holds(key)))
}

/** Sums by key; keys in any of the tables. */
export function plus(
  ...tables: readonly Readonly<Record<string, number>>[]
): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const one of tables) {
    for (const [key, count] of Object.entries(one)) {
      if (count > 0) sums[key] = (sums[key] ?? 0) + count
    }
  }
  return sums
}

/** A page of a proxy's own, asked for as no browser would: Caddy's admin interface refuses those. */
export function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, (response) => resolve(text(response))).once('error', reject)
  })
}

/** Waits until our exporter says of all three backends that the balancer says so. */
export function reported(exporter: Exporter, up: 0 | 1): () => Promise<Page> {
  const name = 'quic_lb_backend_reported_up'
  const says = (page: Page) =>
    ['b1', 'b2', 'b3'].every((backend) => page.value(name, { backend }) === up)
  return () => exporter.untilPage(`all backends to be ${up === 1 ? 'up' : 'down'}`, says)
}

/** Counts by protocol as counts by protocol and class of status, or who broke off. */
export function each(
  counts: Readonly<Record<string, number>>,
  what: string,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([protocol, count]) => [`${protocol} ${what}`, count]),
  )
}

/** What the live tests of polled balancers share: snippets from the documents, one exporter after another. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { type Exporter, type Page, startExporterWith } from './exporter.ts'

const PROXIES = fileURLToPath(new URL('../../docs/proxies', import.meta.url))

type Replacements = readonly (readonly [from: string, to: string])[]

/** All blocks of a language in the chapter "Polled state" of a proxy's document, with replacements. */
export async function snippets(
  proxy: string,
  language: string,
  replacements: Replacements,
): Promise<string[]> {
  const text = await readFile(join(PROXIES, `${proxy}.md`), 'utf8')
  const chapter = text.slice(text.indexOf('## Polled state'))
  const blocks = [...chapter.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))]
  return blocks.map(([, block = '']) =>
    replacements.reduce((config, [from, to]) => config.replaceAll(from, to), block),
  )
}

/** The documented sources, asked every second, with a state that outlives the exporter. */
export async function writeConfig(
  directory: string,
  proxy: string,
  replacements: Replacements,
): Promise<string> {
  const [first = '', ...others] = await snippets(proxy, 'yaml', [
    ...replacements,
    ['    dialect:', '    poll_interval: 1s\n    dialect:'],
  ])
  const more = others.map((block) => block.replace('sources:\n', ''))
  const file = join(directory, 'exporter.yml')
  await writeFile(file, `${[first, ...more].join('')}storage:\n  path: ${directory}/state\n`)
  return file
}

/** The exporter; started again with the same file it goes on. */
export function ask(t: Test, config: string): Promise<Exporter> {
  return startExporterWith(t, ['--config.file', config])
}

/** Ends it as nothing can prevent. */
export async function killNow({ running }: Exporter): Promise<void> {
  running.child.kill('SIGKILL')
  await running.ended
}

/** What the page says of the backends' health by one source, in order; `-`: nothing. */
export function health(page: Page, source: string): string {
  return ['b1', 'b2', 'b3']
    .map((backend) => page.value('quic_lb_backend_reported_up', { source, backend }) ?? '-')
    .join(' ')
}

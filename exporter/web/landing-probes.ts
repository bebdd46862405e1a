/** What the landing page tells of probes: those that fail by name, the others by number. */
import { escapeHtml } from './escape-html.ts'

/** How many backends and front doors are probed, and how they are. */
export interface ProbesSummary {
  readonly backends: number
  readonly up: number
  readonly down: number
  readonly targets: number
  /** `reason`: of the last failure; undefined if it was before this process. */
  readonly downBackends: readonly { readonly name: string; readonly reason: string | undefined }[]
  readonly fronts: readonly {
    readonly name: string
    /** `last`: why the last probe failed, empty if it did not; undefined before the first. */
    readonly rungs: readonly { readonly rung: string; readonly last: string | undefined }[]
  }[]
}

/** Names in one list, at most. */
const MOST_NAMES = 20

/** Nothing of it if nothing is probed. */
export function probesSection(probes: ProbesSummary): string {
  const { backends, targets, downBackends, fronts } = probes
  if (backends + targets === 0) return ''
  const rows = [
    ...(backends > 0 ? [row('Backends', backendsText(probes))] : []),
    ...listed(downBackends, ({ name, reason }) =>
      row(name, chip(`down: ${reason ?? 'known from before the start'}`, 'down')),
    ),
    ...(targets > 0 ? [row('Front doors', targets.toLocaleString('en'))] : []),
    ...listed(fronts, ({ name, rungs }) => row(name, rungs.map(rungText).join(''))),
  ]
  return `<section>
<h2>Probes</h2>
<div class="box">
<table>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>
</section>
`
}

function backendsText({ backends, up, down }: ProbesSummary): string {
  const unknown = backends - up - down
  return [
    ...(up > 0 ? [`${up.toLocaleString('en')} up`] : []),
    ...(down > 0 ? [`${down.toLocaleString('en')} down`] : []),
    ...(unknown > 0 ? [`${unknown.toLocaleString('en')} not known yet`] : []),
  ].join(', ')
}

function rungText({ rung, last }: ProbesSummary['fronts'][number]['rungs'][number]): string {
  if (last === undefined) return chip(`${rung}: not asked yet`)
  return last === '' ? chip(`${rung}: answers`) : chip(`${rung}: ${last}`, 'down')
}

function listed<T>(all: readonly T[], one: (item: T) => string): string[] {
  const rest = all.length - MOST_NAMES
  const shown = all.slice(0, MOST_NAMES).map(one)
  return rest > 0 ? [...shown, row('', `and ${rest.toLocaleString('en')} more`)] : shown
}

/** `value` is HTML. */
function row(name: string, value: string): string {
  return `<tr><th scope="row">${escapeHtml(name)}</th><td>${value}</td></tr>`
}

function chip(text: string, kind = ''): string {
  return `<span class="${`chip ${kind}`.trim()}">${escapeHtml(text)}</span>`
}

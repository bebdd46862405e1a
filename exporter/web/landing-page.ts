import { createHash } from 'node:crypto'

/** One input as the landing page lists it. */
export interface SourceSummary {
  readonly name: string
  readonly dialects: readonly string[]
  readonly files: number
}

/** How many backends and front doors are probed. */
export interface ProbesSummary {
  readonly backends: number
  readonly up: number
  readonly down: number
  readonly targets: number
}

/** What the landing page tells. */
export interface LandingPage {
  readonly version: string
  readonly telemetryPath: string
  readonly ready: boolean
  readonly sources: readonly SourceSummary[]
  readonly probes?: ProbesSummary
}

const STYLE = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --line: #e1e5ea; --text: #17202b;
  --quiet: #5b6775; --link: #0b5fc4; --good: #12703f; --good-back: #e0f4e8; --wait: #8a5300;
  --wait-back: #fdf0d9; --chip: #edf1f5; }
@media (prefers-color-scheme: dark) { :root { --page: #0f141a; --card: #171e26; --line: #2a343f;
  --text: #e4e9ef; --quiet: #93a0ae; --link: #79b4ff; --good: #6fdba0; --good-back: #12372a;
  --wait: #f3bf69; --wait-back: #3d2d10; --chip: #232d38; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 3.5rem 1.25rem 3rem }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .75rem }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.015em }
.version { color: var(--quiet); font-variant-numeric: tabular-nums }
.state { margin-left: auto; align-self: center; padding: .1rem .7rem; border-radius: 1rem;
  font-size: .85rem; font-weight: 600; color: var(--wait); background: var(--wait-back) }
.state.ready { color: var(--good); background: var(--good-back) }
.lead { margin: .5rem 0 2rem; color: var(--quiet); text-wrap: balance }
h2 { margin: 2rem 0 .6rem; font-size: .8rem; letter-spacing: .06em; text-transform: uppercase;
  color: var(--quiet) }
.links { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0; padding: 0; list-style: none }
.links li { flex: 1 1 12rem }
.links a { display: block; height: 100%; padding: .85rem 1rem; border: 1px solid var(--line);
  border-radius: .6rem; background: var(--card); color: inherit; text-decoration: none }
.links a:hover, .links a:focus-visible { border-color: var(--link); outline: none }
.links code { display: block; color: var(--link); font-weight: 600; overflow-wrap: anywhere }
.links span { color: var(--quiet); font-size: .88rem }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  font-size: .92em }
.box { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem;
  background: var(--card) }
table { width: 100%; border-collapse: collapse }
th, td { padding: .6rem 1rem; text-align: left; vertical-align: baseline }
thead th { font-size: .8rem; font-weight: 600; color: var(--quiet) }
tbody th { font-weight: 600 }
tbody tr > * { border-top: 1px solid var(--line) }
.number { text-align: right; font-variant-numeric: tabular-nums }
.chip { display: inline-block; margin: 0 .3rem .15rem 0; padding: 0 .5rem; border-radius: .35rem;
  background: var(--chip); font-size: .88rem }
.quiet { color: var(--quiet) }
.none { margin: 0; padding: .85rem 1rem; color: var(--quiet) }
.none b { color: var(--text); font-weight: 600 }
`

/** The Content-Security-Policy of the landing page: nothing but its own style sheet. */
export const LANDING_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The whole landing page as HTML, every value in it escaped; it loads and runs nothing. */
export function renderLandingPage(page: LandingPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>quic-lb-exporter</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>quic-lb-exporter</h1>
<span class="version">${escapeHtml(page.version)}</span>
${page.ready ? '<span class="state ready">ready</span>' : '<span class="state">not ready</span>'}
</header>
<p class="lead">Prometheus metrics from what QUIC and HTTP/3 load balancers log.</p>
<nav aria-label="Endpoints">
<ul class="links">
${link(page.telemetryPath, 'Metrics for Prometheus')}
${link('/-/healthy', '200 while it runs')}
${link('/-/ready', '200 once it has caught up')}
</ul>
</nav>
<section>
<h2>Sources</h2>
<div class="box">
${page.sources.length === 0 ? NO_SOURCES : sourceTable(page.sources)}
</div>
</section>
${page.probes === undefined ? '' : probesSection(page.probes)}</main>
</body>
</html>
`
}

const NO_SOURCES =
  '<p class="none"><b>No source is configured.</b> Start with <code>--qlog-dir DIR</code> to name a directory of qlog files.</p>'

/** Nothing of it if nothing is probed. */
function probesSection({ backends, up, down, targets }: ProbesSummary): string {
  if (backends + targets === 0) return ''
  const rows = [
    ['Backends', backends],
    ['of them up', up],
    ['of them down', down],
    ['Front doors', targets],
  ] as const
  const row = ([name, count]: (typeof rows)[number]) =>
    `<tr><th scope="row">${name}</th><td class="number">${count.toLocaleString('en')}</td></tr>`
  return `<section>
<h2>Probes</h2>
<div class="box">
<table>
<tbody>
${rows.map(row).join('\n')}
</tbody>
</table>
</div>
</section>
`
}

// Relative, so that the links also work behind a proxy that serves the exporter under a prefix.
function link(path: string, meaning: string): string {
  return `<li><a href="${escapeHtml(`.${path}`)}"><code>${escapeHtml(path)}</code><span>${meaning}</span></a></li>`
}

function sourceTable(sources: readonly SourceSummary[]): string {
  return `<table>
<thead><tr><th scope="col">Source</th><th scope="col">Dialects</th><th scope="col" class="number">Files</th></tr></thead>
<tbody>
${sources.map(sourceRow).join('\n')}
</tbody>
</table>`
}

function sourceRow(source: SourceSummary): string {
  const dialects = source.dialects.map((name) => `<span class="chip">${escapeHtml(name)}</span>`)
  return `<tr><th scope="row">${escapeHtml(source.name)}</th><td>${dialects.join('') || '<span class="quiet">none seen yet</span>'}</td><td class="number">${source.files.toLocaleString('en')}</td></tr>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

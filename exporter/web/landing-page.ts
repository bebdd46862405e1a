import { createHash } from 'node:crypto'
import { counted } from '../counted.ts'
import { escapeHtml } from './escape-html.ts'
import { type ProbesSummary, probesSection } from './landing-probes.ts'
import { STYLE } from './landing-style.ts'
import { PROBE_PATH } from './probe-route.ts'

/** One input as the landing page lists it. */
export interface SourceSummary {
  readonly name: string
  readonly dialects: readonly string[]
  readonly files: number
  readonly state: {
    /** `down`: it gives nothing. `trouble`: some of it is not read. `waiting`: it will be. */
    readonly level: 'good' | 'waiting' | 'trouble' | 'down'
    /** In a few words. */
    readonly text: string
  }
}

/** What the landing page tells. */
export interface LandingPage {
  readonly version: string
  readonly telemetryPath: string
  readonly ready: boolean
  readonly sources: readonly SourceSummary[]
  readonly probes?: ProbesSummary
  /** Whether there is a `/probe`. */
  readonly hasProbe?: boolean
}

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
${badge(page)}
</header>
<p class="lead">Prometheus metrics from what QUIC and HTTP/3 load balancers log.</p>
<nav aria-label="Endpoints">
<ul class="links">
${link(page.telemetryPath, 'Metrics for Prometheus')}
${link('/-/healthy', '200 while it runs')}
${link('/-/ready', '200 once it has caught up')}
${page.hasProbe ? link(PROBE_PATH, 'One probe, now') : ''}
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

function badge({ ready, sources }: LandingPage): string {
  if (!ready) return '<span class="state">not ready</span>'
  const count = (wanted: string) => sources.filter(({ state }) => state.level === wanted).length
  const [down, trouble] = [count('down'), count('trouble')]
  const bad = [
    ...(down > 0 ? [`${counted(down, 'source')} down`] : []),
    ...(trouble > 0 ? [`${counted(trouble, 'source')} in trouble`] : []),
  ]
  if (bad.length === 0) return '<span class="state ready">ready</span>'
  return `<span class="state">ready, ${bad.join(', ')}</span>`
}

// Relative, so that the links also work behind a proxy that serves the exporter under a prefix.
function link(path: string, meaning: string): string {
  return `<li><a href="${escapeHtml(`.${path}`)}"><code>${escapeHtml(path)}</code><span>${meaning}</span></a></li>`
}

function sourceTable(sources: readonly SourceSummary[]): string {
  return `<table>
<thead><tr><th scope="col">Source</th><th scope="col">State</th><th scope="col">Dialects</th><th scope="col" class="number">Files</th></tr></thead>
<tbody>
${sources.map(sourceRow).join('\n')}
</tbody>
</table>`
}

function sourceRow(source: SourceSummary): string {
  const dialects = source.dialects.map((name) => `<span class="chip">${escapeHtml(name)}</span>`)
  const { level, text } = source.state
  const state = `<td class="${level}">${escapeHtml(text)}</td>`
  return `<tr><th scope="row">${escapeHtml(source.name)}</th>${state}<td>${dialects.join('') || '<span class="quiet">none seen yet</span>'}</td><td class="number">${source.files.toLocaleString('en')}</td></tr>`
}

import type { Paint } from './paint.ts'

/** What to look for on the page: the name as it stands there, and what it tells. */
const SIGHTS = [
  ['quic_connection_migrations_total', 'clients that changed address, by kind'],
  ['quic_packets_lost_total', 'declared lost; _spuriously_ if it arrived'],
  ['quic_rtt_seconds', 'round trips, one sample per busy second'],
  ['quic_connections_closed_total', 'why they ended; expired: without a word'],
  ['quic_exporter_source_capability 0', 'what a proxy cannot tell is absent, not 0'],
] as const

/** The opening of the live demo: where the page is and what can be seen on it. */
export function introduction(url: string, paint: Paint): string {
  const width = Math.max(...SIGHTS.map(([name]) => name.length))
  const sights = SIGHTS.map(([name, tells]) => `  ${name.padEnd(width)}  ${paint('dim', tells)}`)
  return `
${paint('bold', 'Recorded connections of Caddy, quiche and ngtcp2 run through the exporter.')}

  ${paint('cyan', url)}   ${paint('dim', '(Ctrl-C ends the demo)')}

${paint('bold', 'What you see on that page')}
${sights.join('\n')}

`
}

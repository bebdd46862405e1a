/** Names of the dashboards, and what each of their helps says. */

export const UIDS = {
  overview: 'quic-lb-overview',
  network: 'quic-lb-network',
  migration: 'quic-lb-migration',
  protocols: 'quic-lb-protocols',
  backends: 'quic-lb-backends',
  capacity: 'quic-lb-capacity',
  exporter: 'quic-lb-exporter',
} as const

export const HELP_NOT_REPORTED = `**"Not reported by this proxy"** means that what writes the log cannot tell it (\`quic_exporter_source_capability\` is 0): it is not 0, nobody knows. **"Nothing in this time range"** means that it could be told and did not happen, or that no such source is there. \`docs/dialects.md\` says which proxy tells what.

The colours change at the numbers of the alerts in \`alerts/\`; \`docs/alerts.md\` says what to do for each.`

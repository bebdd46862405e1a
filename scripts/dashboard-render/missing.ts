import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { peer } from '../../test/live/peers.ts'

/** Where Debian and others put it; `CHROMIUM` names another. */
const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The path of a Chromium; undefined if there is none. */
export function findChromium(): string | undefined {
  return [process.env.CHROMIUM ?? '', ...CANDIDATES].find((path) => existsSync(path))
}

/** What is not there and how to get it, a sentence each; the stand needs a Prometheus to start. */
export function whatIsMissing(needs: { readonly stand: boolean }): string[] {
  const missing: string[] = []
  if (!existsSync(join(import.meta.dirname, 'node_modules/@grafana/ui'))) {
    missing.push('no packages: npm ci --prefix scripts/dashboard-render --ignore-scripts')
  }
  if (findChromium() === undefined) {
    missing.push('no Chromium: apt-get install chromium, or CHROMIUM=/path/to/chromium')
  }
  if (needs.stand && !(existsSync(peer('prometheus')) && existsSync(peer('promtool')))) {
    missing.push('no Prometheus: scripts/real-peers.sh, or --prometheus URL')
  }
  return missing
}

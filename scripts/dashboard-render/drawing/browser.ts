import { join } from 'node:path'
import { type Browser, chromium, type Page, type Route } from 'playwright-core'
import type { Bundle } from './bundle.ts'

/** Nothing answers there: what the page asks for is answered from memory. */
const ADDRESS = 'http://preview.invalid/'
const MODULES = join(import.meta.dirname, '../node_modules')

const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>preview</title>
<link rel="stylesheet" href="/page.css"><body><div id="root"></div><script src="/page.js"></script>`

/** Starts a headless Chromium that asks the network for nothing. */
export function startBrowser(executablePath: string): Promise<Browser> {
  const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
  const offline = ['--disable-background-networking', '--disable-component-update']
  // Chromium's sandbox refuses root, who CI often is; the page holds nothing but our own script.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({
    executablePath,
    args: [...quiet, ...offline, '--font-render-hinting=none', ...asRoot],
  })
}

/** A page with the bundle in it, and what went wrong in it so far. */
export interface OpenPage {
  readonly page: Page
  readonly complaints: string[]
}

/** Opens the page; it can reach nothing but the bundle and the icons of @grafana/ui. */
export async function openPage(browser: Browser, bundle: Bundle, width: number): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width, height: 400 },
    timezoneId: 'UTC',
    locale: 'en-US',
    reducedMotion: 'reduce',
    colorScheme: 'dark',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('requestfailed', (request) => complaints.push(`not loaded: ${request.url()}`))
  await page.route('**/*', (route) => answer(route, bundle))
  await page.goto(ADDRESS)
  return { page, complaints }
}

async function answer(route: Route, { script, style }: Bundle): Promise<void> {
  const { pathname } = new URL(route.request().url())
  if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: HTML })
  if (pathname === '/page.js')
    return route.fulfill({ contentType: 'text/javascript', body: script })
  if (pathname === '/page.css') return route.fulfill({ contentType: 'text/css', body: style })
  const file = fileFor(pathname)
  return file === undefined ? route.abort() : route.fulfill({ path: file })
}

/** Where a picture or font lies that Grafana's own server would give. */
function fileFor(pathname: string): string | undefined {
  if (/^\/public\/img\/icons\/[\w/-]+\.svg$/.test(pathname)) {
    return join(MODULES, '@grafana/ui/dist', pathname)
  }
  const [, family, weight] =
    /^\/public\/fonts\/(inter|roboto)\/(?:Inter-)?(\w+)/.exec(pathname) ?? []
  if (family === undefined) return undefined
  const [name, number] =
    family === 'inter' ? ['inter', WEIGHTS[weight ?? '']] : ['roboto-mono', 400]
  return join(MODULES, `@fontsource/${name}/files/${name}-latin-${number ?? 400}-normal.woff2`)
}

const WEIGHTS: Readonly<Record<string, number>> = { Regular: 400, Medium: 500 }

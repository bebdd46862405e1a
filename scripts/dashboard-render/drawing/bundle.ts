import { join } from 'node:path'
import { build } from 'esbuild'

/** The page's script and style sheet. */
export interface Bundle {
  readonly script: string
  readonly style: string
}

/** Bundles the page without writing a file; rejects with esbuild's own words. */
export async function bundlePage(): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../page/main.tsx')],
    bundle: true,
    write: false,
    outdir: 'page',
    format: 'iife',
    target: 'chrome120',
    jsx: 'automatic',
    minify: true,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.svg': 'dataurl', '.ttf': 'empty' },
  })
  const text = (ending: string) => {
    const file = outputFiles.find(({ path }) => path.endsWith(ending))
    if (file === undefined) throw new Error(`esbuild made no ${ending}`)
    return file.text
  }
  return { script: text('.js'), style: text('.css') }
}

/** Every committed dashboard, drawn from the real Prometheus of the stand: nothing empty, no error. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { whatIsMissing } from '../../scripts/dashboard-render/missing.ts'
import { openStand, type Stand } from '../../scripts/dashboards/stand.ts'
import { temporaryDirectory } from './workspace.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const DASHBOARDS = globSync(join(PROJECT, 'dashboards/*.json'))
const WIDTH = 1600

const missing = whatIsMissing({ stand: true })
const skip = missing.length > 0 && `NOT DRAWN: ${missing.join('; ')}`
if (skip) console.error(`\n######## ${skip}\n`)

interface Drawn {
  readonly code: number
  readonly output: string
}

async function draw(stand: Stand, args: readonly string[]): Promise<Drawn> {
  const script = join(PROJECT, 'scripts/dashboard-render/render.ts')
  const from = ['--prometheus', stand.prometheusUrl, '--scrape', `${stand.scrapeIntervalS}s`]
  const child = spawn(process.execPath, [script, ...from, ...args], { cwd: PROJECT })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text))
  }
  const [code] = await once(child, 'close')
  return { code, output }
}

t.test('pictures', { skip, timeout: 240_000 }, async (t) => {
  const stand = await openStand()
  t.teardown(() => stand.stop())
  const directory = await temporaryDirectory(t)

  await t.test('every dashboard is drawn, and no panel is empty or says an error', async (t) => {
    t.equal(DASHBOARDS.length, 7)
    const { code, output } = await draw(stand, ['--out', directory, ...DASHBOARDS])
    t.equal(code, 0, output)
    t.notMatch(output, /FAULT/)
    for (const file of DASHBOARDS) {
      const png = await readFile(join(directory, `${basename(file, '.json')}.png`))
      t.equal(png.readUInt32BE(16), WIDTH, `${basename(file)} is ${WIDTH} px wide`)
      t.ok(png.readUInt32BE(20) > 600, `${basename(file)} is more than a head`)
    }
  })

  await t.test(
    'a query with a mistake, an unknown panel, one that throws, a blank one: faults',
    async (t) => {
      const panel = { title: '', gridPos: { x: 0, y: 0, w: 12, h: 6 } }
      const panels = [
        {
          ...panel,
          id: 1,
          title: 'Odd',
          type: 'timeseries',
          targets: [{ refId: 'A', expr: 'sum(' }],
        },
        { ...panel, id: 2, title: 'New', type: 'piechart', gridPos: { x: 12, y: 0, w: 12, h: 6 } },
        {
          ...{
            ...panel,
            id: 4,
            title: 'Gaudy',
            type: 'heatmap',
            gridPos: { x: 0, y: 10, w: 12, h: 6 },
          },
          targets: [
            { refId: 'A', expr: 'quic_rtt_seconds_bucket{source="caddy-qlog"}', format: 'heatmap' },
          ],
          options: { color: { scheme: 'Nope' } },
        },
        {
          ...{
            ...panel,
            id: 3,
            title: 'Blank',
            type: 'text',
            gridPos: { x: 0, y: 6, w: 24, h: 4 },
          },
          options: { content: '' },
        },
      ]
      const file = join(directory, 'broken.json')
      await writeFile(file, JSON.stringify({ uid: 'b', title: 'Broken', panels }))
      const { code, output } = await draw(stand, ['--out', directory, file])
      t.equal(code, 1)
      t.match(output, /FAULT Odd: .*parse error/)
      t.match(output, /FAULT New: type piechart is not drawn here/)
      t.match(output, /FAULT Gaudy: colour scheme Nope is not known here/)
      t.match(output, /FAULT the page complained/)
      t.match(output, /FAULT Blank: nothing is drawn/)
    },
  )
})

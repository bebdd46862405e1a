import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../live/processes.ts'
import { ofWritten, untilExact } from './support/exact.ts'
import { LONG_GRACE } from './support/exporter.ts'
import { exactFault } from './support/fault.ts'
import { over } from './support/log-file.ts'
import { makeScene, RECORDS } from './support/scene.ts'
import { untilOpen } from './support/until-open.ts'

exactFault('F-03', 'rename + create, writer continues 2 s on the old fd', async (t) => {
  const { book, open, path, exporter } = await makeScene(t, { flags: LONG_GRACE })
  const old = open('a.sqlog')
  old.append(RECORDS / 4)
  await untilOpen(exporter, path('a.sqlog'))
  renameSync(path('a.sqlog'), path('a.sqlog.1'))
  const fresh = open('a.sqlog', { group: 'fresh' })
  // With pauses of several sweeps: only the grace keeps the old one open.
  await over(2000, 4, () => {
    old.append(RECORDS / 8)
    fresh.append(RECORDS / 16)
  })
  old.close()
  const page = await untilExact(t, exporter, book, { files: 1 })
  return ofWritten(page, book)
})

const ROTATIONS = 20
const HALF = RECORDS / ROTATIONS / 2

exactFault('F-04', '20 rotations in 5 s, rotated names inside the glob', async (t) => {
  const { book, open, path, exporter } = await makeScene(t)
  await over(5000, ROTATIONS, (round) => {
    const log = open('out.sqlog', { group: `${round}` })
    log.append(HALF)
    for (let k = round; k > 0; k--) renameSync(path(`out.${k}.sqlog`), path(`out.${k + 1}.sqlog`))
    renameSync(path('out.sqlog'), path('out.1.sqlog'))
    log.append(HALF)
    log.close()
  })
  const page = await untilExact(t, exporter, book, { files: ROTATIONS })
  return `${ofWritten(page, book)} in ${ROTATIONS} files`
})

exactFault('F-05', '20 rotations in 5 s, rotated out of the directory', async (t) => {
  const { book, open, path, directory, exporter } = await makeScene(t)
  const elsewhere = join(directory, 'elsewhere')
  mkdirSync(elsewhere)
  const begun = performance.now()
  await over(5000, ROTATIONS, async (round) => {
    const log = open('out.sqlog', { group: `${round}` })
    log.append(HALF)
    await untilOpen(exporter, path('out.sqlog'))
    renameSync(path('out.sqlog'), join(elsewhere, `out.${round}.sqlog`))
    log.append(HALF)
    log.close()
  })
  const seconds = (performance.now() - begun) / 1000
  const page = await untilExact(t, exporter, book, { files: 0 })
  return `${ofWritten(page, book)}, rotated within ${seconds.toFixed(1)} s`
})

exactFault('F-06', 'rotate, then gzip + delete the old one after 1 s', async (t) => {
  const { book, open, path, exporter } = await makeScene(t)
  const rounds = 4
  for (let round = 0; round < rounds; round++) {
    const log = open('a.sqlog', { group: `${round}` })
    log.append(RECORDS / rounds / 2)
    await untilOpen(exporter, path('a.sqlog'))
    const rotated = path(`a-${round}.sqlog`)
    renameSync(path('a.sqlog'), rotated)
    await over(1000, 10, () => log.append(RECORDS / rounds / 20))
    log.close()
    const { code, stderr } = await run(t, { program: 'gzip', args: [rotated] })
    t.equal(code, 0, stderr)
    t.notOk(existsSync(rotated))
  }
  const page = await untilExact(t, exporter, book, { files: 0 })
  return ofWritten(page, book)
})

exactFault('F-07', 'cyclic rename out.1->out.2, out->out.1', async (t) => {
  const { book, open, path, exporter } = await makeScene(t)
  const rounds = 8
  await over(4000, rounds, async (round) => {
    const log = open('out.sqlog', { group: `${round}` })
    log.append(RECORDS / rounds / 2)
    await untilOpen(exporter, path('out.sqlog'))
    if (existsSync(path('out.1.sqlog'))) renameSync(path('out.1.sqlog'), path('out.2.sqlog'))
    renameSync(path('out.sqlog'), path('out.1.sqlog'))
    log.append(RECORDS / rounds / 2)
    log.close()
  })
  const page = await untilExact(t, exporter, book, { files: 2 })
  return `${ofWritten(page, book)}, ${rounds - 2} files overwritten while open`
})

import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { copyForEverybody } from './support/copy.ts'
import { byLabel, ofWritten, packetsOf, untilExact } from './support/exact.ts'
import { startExporter, WATCHING } from './support/exporter.ts'
import { fault } from './support/fault.ts'
import { over } from './support/log-file.ts'
import { descriptorsOf } from './support/process-facts.ts'
import { makePlace, makeScene, RECORDS } from './support/scene.ts'

/** nobody: the superuser may read everything, whatever the mode says. */
const NOBODY = 65_534

fault(
  {
    id: 'F-22',
    fault: 'EACCES for 5 s, then chmod (exporter runs as uid 65534)',
    expected: 'exact after chmod; file_errors{permission} > 0',
  },
  async (t) => {
    const { book, open, root, directory } = makePlace(t)
    chmodSync(directory, 0o755)
    const copy = join(directory, 'program')
    mkdirSync(copy)
    const exporter = await startExporter(t, root, {
      program: copyForEverybody(copy),
      through: ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'],
    })
    t.equal(statSync(`/proc/${exporter.pid}`).uid, NOBODY)
    const closed = open('closed.sqlog')
    chmodSync(closed.path, 0)
    const readable = open('readable.sqlog')
    chmodSync(readable.path, 0o644)
    await over(5000, 50, () => {
      closed.append(RECORDS / 100)
      readable.append(RECORDS / 100)
    })
    const before = await exporter.scrape()
    t.equal(packetsOf(before), RECORDS / 2, 'the other file was read meanwhile')
    chmodSync(closed.path, 0o644)
    const page = await untilExact(t, exporter, book, { files: 2 })
    const errors = byLabel(page, 'quic_exporter_file_errors_total', 'reason')
    t.match(errors, { permission: Number })
    return `${ofWritten(page, book)}, permission ${errors.permission}`
  },
)

const LIMIT = 64
const FILES = 500

fault(
  {
    id: 'F-23',
    fault: 'RLIMIT_NOFILE 64 with 500 files (prlimit)',
    expected: 'exact; never exits; lag returns to 0',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t, {
      through: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`],
    })
    const logs = Array.from({ length: FILES }, (_, i) => open(`${i}.sqlog`))
    let most = 0
    await over(4000, 10, () => {
      for (const log of logs) log.append(RECORDS / FILES / 10)
      most = Math.max(most, descriptorsOf(exporter.pid).length)
    })
    const page = await untilExact(t, exporter, book, { files: FILES })
    t.ok(exporter.running.isRunning())
    t.ok(most <= LIMIT)
    return `${ofWritten(page, book)} in ${FILES} files, at most ${most} descriptors, lag 0`
  },
)

const WATCHES = 8
const DIRECTORIES = 40

fault(
  {
    id: 'F-24',
    fault: `inotify watches limited to ${WATCHES} (user namespace), ${DIRECTORIES} directories`,
    expected: 'exact by sweeps; watch_degraded 1',
  },
  async (t) => {
    const limit = `echo ${WATCHES} > /proc/sys/user/max_inotify_watches && exec "$@"`
    const { book, open, exporter } = await makeScene(t, {
      through: ['unshare', '--user', '--map-root-user', 'sh', '-c', limit, 'sh'],
      flags: ['--recursive'],
    })
    const logs = Array.from({ length: DIRECTORIES }, (_, i) => open(`${i}/a.sqlog`))
    await over(2000, 10, () => {
      for (const log of logs) log.append(RECORDS / DIRECTORIES / 10)
    })
    const page = await untilExact(t, exporter, book, { files: DIRECTORIES })
    t.equal(page.value('quic_exporter_watch_degraded'), WATCHING ? 1 : 0)
    return `${ofWritten(page, book)} in ${DIRECTORIES} directories, watch_degraded 1`
  },
)

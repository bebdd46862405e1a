/** How far the exporter must have come with each file: what looks, commits, answers and deaths change. */
import type { World } from './world.ts'
import { isSafe, type Mark, readToEnd, type WorldFile } from './world-file.ts'

/** One look that found everything, and read it. */
export function looked(world: World, graceMs: number): void {
  for (const file of world.files) {
    if (file.now.over) continue
    if (file.place === 'read') {
      file.held = true
      file.now = readToEnd(file)
    } else if (file.now.known) missed(file, world, graceMs)
  }
  world.moved = false
}

function missed(file: WorldFile, world: World, graceMs: number): void {
  if (file.place === 'cut' || isReplaced(file, world)) {
    file.now = { ...file.now, over: true }
    return
  }
  // Who begins anew finds it in its directory.
  file.held ||= file.place === 'aside'
  const has = file.held ? file.written.bytes : file.now.bytes
  const grew = file.now.bytes !== has
  file.missed ??= { since: world.now, looks: 0, grewAt: 0 }
  const { missed } = file
  missed.looks += 1
  if (grew) missed.grewAt = world.now
  if (file.held) file.now = readToEnd(file)
  const quiet = world.now - Math.max(missed.since, missed.grewAt)
  file.now = { ...file.now, over: missed.looks >= 2 && quiet >= graceMs }
}

/** Another file has its inode: only one that is not held open can lose it. */
function isReplaced(file: WorldFile, world: World): boolean {
  return file.path === undefined && !file.held && replacement(file, world) !== undefined
}

function replacement({ ino }: WorldFile, { files }: World): WorldFile | undefined {
  return files.find((other) => other.place === 'read' && other.ino === ino)
}

/** The exporter holds open what a scan finds; what it has read is not known. */
export function opened(world: World): void {
  for (const file of world.files) {
    if (file.place !== 'read') continue
    file.held = true
    file.now = { ...file.now, known: true }
  }
}

/** A page said that everything is read. */
export function accounted(world: World): void {
  for (const file of world.files) {
    const reached = file.place === 'read' || file.held || file.place === 'aside'
    if (reached && file.now.known) file.now = readToEnd(file)
  }
}

/** What was read is saved; the commit before it is so for sure. */
export function committed(world: World): void {
  for (const file of world.files) {
    file.saved = file.pending
    file.pending = file.now
  }
}

/** An answer shows that the last commit is whole. */
export function answered(world: World): void {
  for (const file of world.files) file.saved = file.pending
}

/** Whether a process that begins with what is saved still comes to everything. */
export function mayDie(world: World, torn: boolean): boolean {
  return world.files.every((file) => isSafe(file, markLeft(file, torn)))
}

/** The process is gone; with `torn`, so is the last commit. */
export function died(world: World, torn: boolean): void {
  for (const file of world.files) {
    const mark = markLeft(file, torn)
    file.now = mark
    file.pending = mark
    file.saved = mark
    file.held = false
    file.missed = undefined
  }
}

function markLeft(file: WorldFile, torn: boolean): Mark {
  return torn ? file.saved : file.pending
}

/** Whether some file came to its end since the last commit that is whole: that happens once more. */
export function hasUnsavedEnds(world: World): boolean {
  return world.files.some(({ now, saved }) => now.over !== saved.over)
}

/** Whether something that was read can be read by nobody else. */
export function hasUnsavedCuts(world: World): boolean {
  return world.files.some(
    ({ place, now, saved }) => place === 'cut' && JSON.stringify(now) !== JSON.stringify(saved),
  )
}

import { over } from './log-file.ts'
import { RECORDS, type Scene } from './scene.ts'

const RS = Buffer.from('\x1e')
const LF = Buffer.from('\n')

/** Writes a file in which each of `records` stands between good ones, in `ms`. */
export async function mix(
  { open }: Scene,
  records: readonly (string | Uint8Array)[],
  ms = 1000,
): Promise<void> {
  const log = open('a.sqlog')
  const good = Math.ceil(RECORDS / (records.length + 1))
  log.append(good)
  await over(ms, records.length, (i) => {
    log.write(Buffer.concat([RS, Buffer.from(records[i] as string), LF]))
    log.append(good)
  })
}

import { z } from 'zod'
import { text } from './values.ts'

/** What a backend's name looks like: it becomes the value of the label `backend`. */
const BACKEND_NAME_PATTERN = /^(?!other$)[A-Za-z0-9_.:-]{1,60}$/

/** One entry of `backends`. */
export const backendSchema = z.strictObject({
  name: text(
    BACKEND_NAME_PATTERN,
    'must be 1 to 60 letters, digits, _ . : and -, but not "other" alone',
  ).meta({
    description: 'Value of the label `backend`.',
    details:
      'Unique. It also stands for itself in logs. Other names count from the next start on, and ' +
      'the metrics with this label then begin at 0.',
    flag: false,
  }),
  aliases: z
    .array(text(/^[^\s\0]{1,200}$/, 'must be a name or an address as a log has it, without blanks'))
    .default([])
    .meta({
      description: "Addresses (`HOST:PORT`) and proxies' own names (`app/b1`) that it has in logs.",
      details: 'What no backend lists is counted as `other`.',
      flag: false,
    }),
})

/** Answers of balancers that were asked: the recorded ones, and what a reader makes of any. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AnswerReader,
  type LineOutcome,
  type LogEvent,
  polledDialectNamed,
  type QuicEvent,
} from '../../qlog-parsers/index.ts'
import { FIXTURES } from './fixtures.ts'

export interface Answer {
  /** Unix seconds. */
  readonly at: number
  readonly body: string
}

/** The answers of a fixture, `<dialect>/<case>`. */
export function recordedAnswers(name: string): Answer[] {
  const lines = readFileSync(join(FIXTURES, `${name}.log`), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => JSON.parse(line))
}

/** What one answer said. */
export interface Heard {
  readonly outcome: LineOutcome
  readonly events: readonly (LogEvent | QuicEvent)[]
  /** Whether the writer was shown to tell more. */
  readonly became: boolean
}

/** A reader of a dialect's answers; `saved` is the state of another one, as JSON has it. */
export class Listening {
  readonly #reader: AnswerReader

  constructor(dialect: string, saved?: string) {
    const known = polledDialectNamed(dialect)
    if (known === undefined) throw new Error(`${dialect} is not polled`)
    this.#reader = known.answers()
    if (saved !== undefined) this.#reader.restore(JSON.parse(saved))
  }

  hear(body: string | Uint8Array): Heard {
    const events: (LogEvent | QuicEvent)[] = []
    let became = false
    const outcome = this.#reader.read(typeof body === 'string' ? Buffer.from(body) : body, 1, {
      emit: (event) => events.push(event),
      endpoint: (event) => events.push(event),
      quic: () => {
        throw new Error('no connection can be told from an answer')
      },
      become: () => {
        became = true
      },
    })
    return { outcome, events, became }
  }

  get saved(): string | undefined {
    return JSON.stringify(this.#reader.state())
  }
}

/** What the events of one type count, all together. */
export function countOf(events: readonly (LogEvent | QuicEvent)[], type: string): number {
  return events.reduce((sum, event) => {
    if (event.type !== type) return sum
    return sum + ('count' in event ? (event.count ?? 1) : 1)
  }, 0)
}

/** An answer of HAProxy's runtime socket with some counters of one frontend, and servers by status. */
export function showStat(
  counters: Readonly<Record<string, number | string>>,
  servers: Readonly<Record<string, string>> = {},
  info = '',
): string {
  const names = Object.keys(counters)
  const head = ['# pxname', 'svname', 'status', 'type', 'check_status', ...names, '']
  const rows = Object.entries(servers).map(([name, written]) => {
    const [status = '', check = ''] = written.split('|')
    return ['app', name, status, '2', check, ...names.map(() => ''), '']
  })
  const frontend = ['fe', 'FRONTEND', 'OPEN', '0', '', ...Object.values(counters), '']
  return `${info}${[head, frontend, ...rows].map((row) => row.join(',')).join('\n')}\n\n`
}

/**
 * State that a balancer tells when it is asked, and writes nowhere. A dialect of it reads whole answers; as a
 * log it reads recorded ones: a JSON object a line, `{"at": Unix seconds, "body": "the answer"}`.
 */
import { parseRecord } from '../decoding/json-path.ts'
import type { LineOutcome, LineOutput, LineReader, LogDialect } from '../log-dialect.ts'

/** Reads the answers of one target, in order; holds what they mean only together with earlier ones. */
export interface AnswerReader {
  /** `at`: when it was asked, Unix µs. Nothing is remembered of an answer that is rejected. */
  read(body: Uint8Array, at: number, out: LineOutput): LineOutcome
  /** Everything that it holds, bounded, as data that survives JSON; undefined: nothing. */
  state(): unknown
  /** Takes over what another reader held; called before the first answer, with what `state` returned. */
  restore(state: unknown): void
}

/** A server behind the balancer. */
export interface Upstream {
  /** As the balancer calls it. */
  readonly name: string
  /** Where the balancer connects to, in its own spelling; empty if it does not say. */
  readonly address: string
}

/** A dialect that is asked for, not tailed. */
export interface PolledDialect extends LogDialect {
  /** A reader for one target. */
  answers(): AnswerReader
  /** All servers that an answer names; undefined if it is no answer. */
  upstreams(body: Uint8Array): readonly Upstream[] | undefined
}

/** The dialect, complete with the form in which recorded answers are read. */
export function polledDialect(
  dialect: Omit<LogDialect, 'open' | 'configured'> & Pick<PolledDialect, 'answers' | 'upstreams'>,
): PolledDialect {
  return { ...dialect, open: () => recorded(dialect.answers()) }
}

const SECOND_US = 1_000_000
const encoder = new TextEncoder()

function recorded(answers: AnswerReader): LineReader {
  return {
    read(bytes, start, end, out) {
      const record = parseRecord(bytes, start, end)
      if (typeof record === 'string') return { kind: 'rejected', reason: record }
      const { at, body } = record
      if (typeof body !== 'string') return { kind: 'rejected', reason: 'schema' }
      if (typeof at !== 'number' || !(at >= 0 && at * SECOND_US <= Number.MAX_SAFE_INTEGER)) {
        return { kind: 'rejected', reason: 'time' }
      }
      const us = Math.round(at * SECOND_US)
      const outcome = answers.read(encoder.encode(body), us, out)
      return outcome.kind === 'read' ? { ...outcome, at: us } : outcome
    },
    state: () => answers.state(),
    restore: (state) => answers.restore(state),
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The text of an answer; undefined if it is not UTF-8. */
export function textOf(body: Uint8Array): string | undefined {
  try {
    return utf8.decode(body)
  } catch {
    return undefined
  }
}

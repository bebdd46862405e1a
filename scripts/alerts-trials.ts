/** Puts small faults into the rules, one at a time, and runs the unit tests of the rule that has it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mutant, mutantsOf } from './alerts-mutants.ts'
import { nameOf, readTrials, type Trial, tryRule } from './alerts-suite.ts'

const WORKERS = 2

/** Faults that are not tried, and why. */
const UNTRIED: readonly {
  readonly rule: RegExp
  readonly what: RegExp
  readonly why: string
}[] = [
  {
    rule: /^(QuicExporterDataLoss|QuicExporterFileUnread|QuicExporterSeriesLimit|QuicExporterStateNotWritten|QuicLbCircuitBreakerOpen)$/,
    what: /^increase → rate/,
    why: 'compared with 0, both say the same',
  },
  {
    rule: /^(QuicLbErrorBudgetBurn|QuicMigrationRateAnomalous|QuicPeersVanishing|QuicH3AdoptionDrop|QuicPathValidationSlow|QuicLbHighLatency)\b/,
    what: /^(> → >=|< → <=|<= → <) /,
    why: 'measured against measured, or against an average: never equal for as long as `for`',
  },
  {
    rule: /^(QuicLbHighLatency|QuicH3AdoptionDrop|QuicPeersVanishing)$/,
    what: /^(1h → |avg_over_time → |1d → 172800s)/,
    why: 'how long the baseline is that is compared with, a test with a steady one cannot tell',
  },
  {
    rule: /^source:quic_packet_loss/,
    what: /^5m → \d+s at 189$/,
    why: 'the window of what is multiplied by zero',
  },
  { rule: /^Watchdog$/, what: /^1 → /, why: 'any value fires' },
]

interface Task {
  readonly trial: Trial
  /** None: the rule as it is, whose tests must pass. */
  readonly mutant?: Mutant
}

/** What a run found. */
export interface Mutations {
  readonly tried: number
  readonly untried: number
  /** Faults that no test noticed, and rules whose tests fail without any. */
  readonly complaints: readonly string[]
}

/** Tries all mutants of all rules, or of the rules of one name. */
export async function tryMutations(promtool: string, only?: string): Promise<Mutations> {
  const trials = readTrials().filter(({ rule }) => only === undefined || nameOf(rule) === only)
  const tasks: Task[] = trials.flatMap((trial) => [
    { trial },
    ...mutantsOf(trial.rule, trial.stepSeconds).map((mutant) => ({ trial, mutant })),
  ])
  const due = tasks.filter((task) => !isUntried(task))
  const complaints: string[] = []
  const directory = await mkdtemp(join(tmpdir(), 'quic-lb-alerts-'))
  try {
    const queue = due.values()
    const work = async (worker: number) => {
      for (const task of queue) {
        const complaint = await attempt(promtool, join(directory, `${worker}`), task)
        if (complaint !== undefined) complaints.push(complaint)
      }
    }
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  return {
    tried: due.length - trials.length,
    untried: tasks.length - due.length,
    complaints: complaints.sort(),
  }
}

function isUntried({ trial, mutant }: Task): boolean {
  if (mutant === undefined) return false
  return UNTRIED.some(({ what, rule }) => rule.test(nameOf(trial.rule)) && what.test(mutant.what))
}

async function attempt(
  promtool: string,
  directory: string,
  { trial, mutant }: Task,
): Promise<string | undefined> {
  const { passed, output } = await tryRule(promtool, directory, trial, mutant?.rule ?? trial.rule)
  if (mutant === undefined) return passed ? undefined : `${nameOf(trial.rule)} fails: ${output}`
  return passed ? `${nameOf(trial.rule)}: nobody notices ${mutant.what}` : undefined
}

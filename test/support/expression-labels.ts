/** Which labels the answer to an expression has, and operators that join what can never meet. */
import { type Family, familyOf, labelsOf } from './dashboard-catalogue.ts'
import { type Node, nodesOf } from './dashboard-syntax.ts'

type Labels = ReadonlySet<string>

/** What expressions may name: families of pages, and by name the labels of what rules record. */
export interface Known {
  readonly families: Readonly<Record<string, Family>>
  readonly recorded: ReadonlyMap<string, Labels>
}

const AS_SCRAPED = ['job', 'instance']

/** Labels of the series of an answer; undefined for a number. */
export function labelsOfAnswer(node: Node | undefined, known: Known): Labels | undefined {
  if (node === undefined) return undefined
  switch (node.type) {
    case 'vectorSelector':
    case 'matrixSelector':
      return labelsOfSeries(node.name ?? '', known)
    case 'aggregation': {
      const { grouping = [], without } = node
      const below = labelsOfAnswer(node.expr, known) ?? new Set()
      return new Set([...below].filter((label) => grouping.includes(label) !== without))
    }
    case 'call':
      return labelsOfCall(node, known)
    case 'binaryExpr':
      return labelsOfBoth(node, known)
    default:
      return labelsOfAnswer(node.expr, known)
  }
}

function labelsOfSeries(name: string, { families, recorded }: Known): Labels {
  const found = recorded.get(name)
  if (found !== undefined) return found
  const [, family] = familyOf(name, families) ?? []
  return new Set([...(family ? labelsOf(name, family) : []), ...AS_SCRAPED])
}

const NUMBERS = new Set(['time', 'scalar', 'pi'])

function labelsOfCall({ func, args = [] }: Node, known: Known): Labels | undefined {
  const name = func?.name ?? ''
  if (NUMBERS.has(name)) return undefined
  if (name === 'absent' || name === 'vector') return new Set()
  const labels = new Set(args.flatMap((one) => [...(labelsOfAnswer(one, known) ?? [])]))
  if (name === 'histogram_quantile') labels.delete('le')
  return labels
}

function labelsOfBoth({ op = '', lhs, rhs, matching }: Node, known: Known): Labels | undefined {
  const left = labelsOfAnswer(lhs, known)
  const right = labelsOfAnswer(rhs, known)
  if (left === undefined || right === undefined) return left ?? right
  if (op === 'or') return new Set([...left, ...right])
  if (/^(and|unless)$/.test(op)) return left
  const { card = 'one-to-one', on = false, labels = [], include = [] } = matching ?? {}
  if (card === 'many-to-one') return new Set([...left, ...include])
  if (card === 'one-to-many') return new Set([...right, ...include])
  const isKept = (label: string) => labels.includes(label) === on
  return new Set([...left].filter(isKept))
}

/**
 * Operators whose sides differ in the labels that they are joined by: one that finds no partner for anything is
 * silently empty. Within an expression both sides of `or` must be alike as well, or what is meant as one series is
 * two; around all of it they are two questions.
 */
export function joinProblems(root: Node, known: Known): string[] {
  return nodesOf(root).flatMap((node) => {
    const { type, op, lhs, rhs, matching } = node
    if (op === 'or' && node === root) return []
    const left = labelsOfAnswer(lhs, known)
    const right = labelsOfAnswer(rhs, known)
    if (type !== 'binaryExpr' || left === undefined || right === undefined) return []
    const { on = false, labels = [] } = matching ?? {}
    const joins = [...new Set([...left, ...right, ...(on ? labels : [])])].filter(
      (label) => labels.includes(label) === on,
    )
    return joins
      .filter((label) => !left.has(label) || !right.has(label))
      .map((label) => `${op}: only one side has the label ${label}`)
  })
}

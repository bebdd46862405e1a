/** Expressions as Prometheus itself parses them, and what is wrong with them by the catalogue of metrics. */
import { type Family, familyOf, labelsOf } from './dashboard-catalogue.ts'

export interface Matcher {
  readonly name: string
  readonly type: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** A node of the tree that `/api/v1/parse_query` gives; only what is read. */
export interface Node {
  readonly type: string
  readonly name?: string
  readonly matchers?: readonly Matcher[]
  readonly op?: string
  readonly grouping?: readonly string[]
  readonly without?: boolean
  readonly matching?: {
    readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
    readonly on: boolean
    readonly labels: readonly string[]
    readonly include: readonly string[]
  }
  readonly args?: readonly Node[]
  readonly expr?: Node
  readonly lhs?: Node
  readonly rhs?: Node
  readonly func?: { readonly name: string }
}

/** Asks a Prometheus to parse; rejects with its words if it cannot. */
export async function parseQuery(url: string, expr: string): Promise<Node> {
  const answer = await fetch(`${url}/api/v1/parse_query?query=${encodeURIComponent(expr)}`)
  const { data, error } = (await answer.json()) as { data?: Node; error?: string }
  if (data === undefined) throw new Error(`${error}: ${expr}`)
  return data
}

/** All nodes, the outer ones first. */
export function nodesOf(node: Node): Node[] {
  const below = [...(node.args ?? []), node.expr, node.lhs, node.rhs]
  return [node, ...below.flatMap((one) => (one ? nodesOf(one) : []))]
}

export function selectorsIn(node: Node): Node[] {
  return nodesOf(node).filter(({ type }) => /^(vector|matrix)Selector$/.test(type))
}

const OF_EVERY_SERIES = ['job', 'instance']

/** Names, labels and label values that no series can have. */
export function unknownIn(root: Node, families: Readonly<Record<string, Family>>): string[] {
  const selectors = selectorsIn(root).flatMap((node) => selectorProblems(node, families))
  const groups = nodesOf(root).flatMap((node) => {
    const labels = [...(node.grouping ?? []), ...(node.matching?.labels ?? [])]
    const possible = labelsBelow(node, families)
    return labels
      .filter((label) => !possible.has(label))
      .map((label) => `no series below has the label ${label}`)
  })
  return [...selectors, ...groups]
}

function selectorProblems(
  { name = '', matchers = [] }: Node,
  families: Readonly<Record<string, Family>>,
): string[] {
  if (name === '') return namesByPattern(matchers, families)
  const found = familyOf(name, families)
  if (found === undefined) return [`no metric ${name}`]
  const [, family] = found
  const labels = [...labelsOf(name, family), ...OF_EVERY_SERIES]
  return matchers
    .filter((matcher) => matcher.name !== '__name__')
    .flatMap((matcher) => {
      if (!labels.includes(matcher.name)) return [`${name} has no label ${matcher.name}`]
      const values = family.labels[matcher.name]
      return values === undefined ? [] : valueProblems(name, matcher, values)
    })
}

function valueProblems(name: string, matcher: Matcher, values: readonly string[]): string[] {
  const isPattern = matcher.type.endsWith('~')
  const wanted = isPattern ? matcher.value.split('|') : [matcher.value]
  return wanted
    .filter((one) => !values.some((value) => value === one || (isPattern && matches(one, value))))
    .map((one) => `${name}: ${matcher.name} is never ${one}`)
}

function matches(pattern: string, value: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(value)
}

/** `{__name__=~"a|b"}`: every alternative is a metric. */
function namesByPattern(
  matchers: readonly Matcher[],
  families: Readonly<Record<string, Family>>,
): string[] {
  const names = matchers.find(({ name }) => name === '__name__')?.value ?? ''
  const [, head = '', alternatives = ''] = /^(\w*)\((.*)\)$/.exec(names) ?? ['', '', names]
  return alternatives
    .split('|')
    .map((end) => head + end)
    .filter((name) => familyOf(name, families) === undefined)
    .map((name) => `no metric ${name}`)
}

function labelsBelow(node: Node, families: Readonly<Record<string, Family>>): Set<string> {
  const labels = selectorsIn(node).flatMap(({ name = '' }) => {
    const found = familyOf(name, families)
    return found === undefined ? [] : labelsOf(name, found[1])
  })
  return new Set([...labels, ...OF_EVERY_SERIES])
}

/**
 * Sums over series of several sources: of two logs about the same traffic they would count twice. What is
 * about the exporter itself may be summed up.
 */
export function sumsOverSources(root: Node, families: Readonly<Record<string, Family>>): string[] {
  return nodesOf(root)
    .filter(({ type, op = '' }) => type === 'aggregation' && /^(sum|avg|count)$/.test(op))
    .filter((node) => !keepsSource(node))
    .flatMap(selectorsIn)
    .filter(({ name = '', matchers = [] }) => {
      const [family, { labels }] = familyOf(name, families) ?? ['', { labels: {} }]
      const isChosen = matchers.some((matcher) => matcher.name === 'source')
      return 'source' in labels && !isChosen && !/^(quic_exporter_|ALERTS)/.test(family)
    })
    .map(({ name }) => `${name} of all sources is summed up`)
}

function keepsSource({ grouping = [], without = false }: Node): boolean {
  return without !== grouping.includes('source')
}

/** Everything that a source can be. */
import {
  type Capabilities,
  type DialectRules,
  dialects,
  type LogDialect,
  logDialects,
} from '../../qlog-parsers/index.ts'

/** What the documentation needs of a dialect of any kind. */
export interface DocumentedDialect {
  readonly name: string
  readonly producers: string
  readonly advice: string
  readonly capabilities: Capabilities
  /** With everything that only some of its records show. */
  readonly atMost: Capabilities
  readonly rules: DialectRules
}

export const allDialects: readonly DocumentedDialect[] = [
  ...dialects.map((dialect) => ({ ...dialect, atMost: dialect.atMost ?? dialect.capabilities })),
  ...logDialects.map((dialect) => ({ ...dialect, atMost: withVariants(dialect) })),
]

/** What the dialect tells together with all of its variants. */
function withVariants({ capabilities, variants = [] }: LogDialect): Capabilities {
  return Object.assign({}, capabilities, ...variants.map((one) => one.capabilities))
}

import { styleText } from 'node:util'

/** How text can look. */
export type Style = 'bold' | 'dim' | 'cyan' | 'green' | 'red'

/** Gives text a look. */
export type Paint = (style: Style, text: string) => string

/** Paints on a terminal where colours are welcome (no-color.org), else leaves text as it is. */
export function painter(isTerminal: boolean, env: NodeJS.ProcessEnv): Paint {
  const isWelcome = isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
  if (!isWelcome) return (_style, text) => text
  return (style, text) => styleText(style, text, { validateStream: false })
}

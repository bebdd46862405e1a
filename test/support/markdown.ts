/** A fenced block of a page. */
export interface Block {
  readonly language: string
  readonly text: string
}

/** The fenced blocks of a page in order, also those inside list items, without their indent. */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = '', language = '', text = '']) => ({
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
}

/** What outlives a function and must be undone: a tap test is one, `inScope` makes one for a script. */
export interface Scope {
  /** Registers what to do at the end; the latest is done first. */
  teardown(undo: () => unknown): void
}

/** Runs a function and then, whatever happened, undoes in reverse order. */
export async function inScope<T>(act: (scope: Scope) => Promise<T>): Promise<T> {
  const undoing: (() => unknown)[] = []
  try {
    return await act({ teardown: (undo) => undoing.push(undo) })
  } finally {
    for (const undo of undoing.reverse()) await undo()
  }
}

/** The candidate that somebody who wrote `word` most likely meant, or undefined if none is near. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(word)
  let best: string | undefined
  let bestScore = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const offered = plain(candidate)
    // What was left out or added (`--listen-address`, `warning`) is far by edits, near in mind, but
    // not as near as a word with one wrong letter.
    const partial =
      (wanted.length >= 4 && offered.includes(wanted)) ||
      (offered.length >= 4 && wanted.startsWith(offered))
    const score = partial
      ? Math.min(1.5, editDistance(wanted, offered))
      : editDistance(wanted, offered)
    if (score < bestScore) {
      best = candidate
      bestScore = score
    }
  }
  return best
}

/** The ending `: did you mean …?` of an error message, empty if nothing is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const found = suggest(word, candidates)
  return found === undefined ? '' : `: did you mean ${found}?`
}

function plain(word: string): string {
  // Enough for any real name, and a bound on the work that a hostile one can cause.
  return word.slice(0, 80).toLowerCase().replace(/[_.]/g, '-')
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

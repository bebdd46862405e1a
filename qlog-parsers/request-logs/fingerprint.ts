/** What stands for text that is only ever compared: no address need be kept, in memory or on disk. */

/** 64 bits of text (FNV-1a over UTF-16 units, two lanes): tells texts apart, is no defence against guessing. */
export function fingerprint(text: string): string {
  let one = 0x811c9dc5
  let other = 0x9747b28c
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    one = Math.imul(one ^ unit, 0x01000193)
    other = Math.imul(other ^ unit ^ (one >>> 15), 0x9e3779b1)
  }
  return (one >>> 0).toString(36) + (other >>> 0).toString(36)
}

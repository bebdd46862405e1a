/** Scripts about paths: what happens when on a connection whose handshake is complete. */
import { total } from './page.ts'
import { DONE, type Happening, metrics, received, Scene, type SceneOptions } from './scene.ts'

export type Script = readonly (readonly [ms: number, ...happenings: Happening[]])[]

/** Recovery began anew on another path. */
export const RESET: Happening = { type: 'path_reset' }

/** A measured RTT. */
export function rtt(ms: number, variationMs: number): Happening {
  return metrics({
    smoothedRttUs: ms * 1000,
    minRttUs: ms * 1000,
    rttVariationUs: variationMs * 1000,
  })
}

/** Plays a script after a handshake that is complete at 0. */
export function play(script: Script, options: SceneOptions = {}): Scene {
  const scene = new Scene(options).at(0, received(), DONE)
  for (const [ms, ...happenings] of script) scene.at(ms, ...happenings)
  return scene
}

/** What became of the attempts to validate paths, in words. */
export async function outcome(scene: Scene): Promise<string> {
  const page = await scene.page()
  const count = (name: string) => total(page, `quic_path_validations_${name}`) as number
  const failed = count('failed_total')
  return `${count('total') - failed} validated, ${failed} failed, ${count('abandoned_total')} abandoned`
}

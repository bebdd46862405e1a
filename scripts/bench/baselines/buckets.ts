/** Upper bounds of the baselines' histograms: the product's own. */
export const RTT_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5,
]

export const WINDOW_BYTES = Array.from({ length: 14 }, (_, index) => 2 ** (12 + index))

import type { Quote } from "../../../../contract/kind.js";

/** What a service takes for its answers. */
export interface Tariff {
  /** Units that cost nothing in a month. */
  readonly free: number;
  /** Units that were used this month already, by whatever. */
  readonly used: number;
  /** Price of a unit by its number in the month, rising. */
  readonly steps: readonly TariffStep[];
}

interface TariffStep {
  /** Units of the month after which the price holds. */
  readonly above: number;
  readonly usd_per_1000: number;
}

/** Google's list price of LABEL_DETECTION (cloud.google.com/vision/pricing); SafeSearch is free with it. */
export const LABEL_TARIFF: Tariff = {
  free: 1000,
  used: 0,
  steps: [
    { above: 0, usd_per_1000: 1.5 },
    { above: 5_000_000, usd_per_1000: 1 },
  ],
};

/** Price of pictures, one unit each: the last thousand counts by its part, as Google bills it. */
export function quote(tariff: Tariff, units: number): Quote {
  const from = Math.max(tariff.free, tariff.used);
  const to = Math.max(from, tariff.used + units);
  const usd = tariff.steps.reduce((sum, { above, usd_per_1000: price }, i) => {
    const next = tariff.steps[i + 1]?.above ?? Number.POSITIVE_INFINITY;
    const share = Math.max(0, Math.min(to, next) - Math.max(from, above));
    return sum + (share / 1000) * price;
  }, 0);
  return { units, usd };
}

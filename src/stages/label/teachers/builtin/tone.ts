import type { Picture } from "./picture.js";

/** Light and colour over the whole picture. L from 0 to 100, chroma C*ab and a, b in CIELAB units. */
export interface Tone {
  readonly meanL: number;
  readonly sdL: number;
  /** 5th and 95th percentile of L. */
  readonly lowL: number;
  readonly highL: number;
  readonly meanChroma: number;
  /** 95th percentile of chroma: that of the most colourful twentieth. */
  readonly highChroma: number;
  readonly meanA: number;
  readonly meanB: number;
  /** σ_ab + 0.37 μ_ab: Hasler and Süsstrunk's colourfulness M(1) (2003) in CIELAB. */
  readonly colourfulness: number;
  /** Share of pixels that are light and gently coloured: L over 65, chroma 8 to 40. */
  readonly pastelShare: number;
}

export function measureTone({ l, a, b }: Picture): Tone {
  const size = l.length;
  const light = new Uint32Array(101);
  const chroma = new Uint32Array(201);
  let [sumL, sumL2, sumC, sumA, sumB, sumAB2, pastel] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < size; i++) {
    const c = Math.hypot(a[i]!, b[i]!);
    light[Math.round(l[i]!)]!++;
    chroma[Math.min(200, Math.round(c))]!++;
    sumL += l[i]!;
    sumL2 += l[i]! ** 2;
    sumC += c;
    sumA += a[i]!;
    sumB += b[i]!;
    sumAB2 += a[i]! ** 2 + b[i]! ** 2;
    if (l[i]! > 65 && c > 8 && c < 40) pastel++;
  }
  const [meanL, meanA, meanB] = [sumL / size, sumA / size, sumB / size];
  const spread = Math.sqrt(Math.max(0, sumAB2 / size - meanA ** 2 - meanB ** 2));
  return {
    meanL,
    sdL: Math.sqrt(Math.max(0, sumL2 / size - meanL ** 2)),
    lowL: quantile(light, size, 0.05),
    highL: quantile(light, size, 0.95),
    meanChroma: sumC / size,
    highChroma: quantile(chroma, size, 0.95),
    meanA,
    meanB,
    colourfulness: spread + 0.37 * Math.hypot(meanA, meanB),
    pastelShare: pastel / size,
  };
}

/** The value below which this share of a histogram lies, between whole values by linear interpolation. */
export function quantile(histogram: Uint32Array, total: number, share: number): number {
  let left = share * total;
  for (let value = 0; value < histogram.length; value++) {
    const here = histogram[value]!;
    if (left <= here && here > 0) return value - 0.5 + left / here;
    left -= here;
  }
  return histogram.length - 1;
}

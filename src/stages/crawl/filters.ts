import type { RowRule } from "../../contract/kind.js";
import type { Filters } from "./schema.js";

/** The filters as rules over the columns of the output. */
export function filterRules(filters: Filters = {}): readonly RowRule[] {
  const { min_image_size: side, max_image_area: area, max_aspect_ratio: ratio, formats } = filters;
  const rules: RowRule[] = [];
  const size = "width || 'x' || height";
  if (side !== undefined) {
    rules.push({
      class: "too-small",
      when: `least(width, height) < ${side}`,
      detail: `${size} || ' pixels'`,
    });
  }
  if (area !== undefined) {
    rules.push({ class: "too-large-area", when: `width * height > ${area}`, detail: `${size} || ' pixels'` });
  }
  if (ratio !== undefined) {
    const when = `greatest(width, height) > ${ratio} * least(width, height)`;
    rules.push({ class: "aspect-ratio", when, detail: `${size} || ' pixels'` });
  }
  if (formats !== undefined) {
    const when = `format NOT IN (${formats.map((format) => `'${format}'`).join(", ")})`;
    rules.push({ class: "format", when, detail: "format || ' is not wanted'" });
  }
  return rules;
}

import { count, fixed, html, type Markup, percent } from "../../../core/html.js";
import type { TagRow } from "../tables.js";
import { bar } from "./charts.js";

const HEADINGS = [
  ["Tag", "the tag"],
  ["Average precision", "area under precision and recall; the tick is the baseline"],
  ["Positives", "held-out images on which the tag is present"],
  ["Prevalence", "share of held-out images on which the tag is present"],
  ["Precision", "at the threshold"],
  ["Recall", "at the threshold"],
  ["F1", "at the threshold"],
  ["Teacher", "mean score of the teacher"],
  ["Student", "mean score of the student"],
] as const;

/** Tags that count first, by falling average precision; then the others by falling positives. */
function inOrder(tags: readonly TagRow[]): TagRow[] {
  return [...tags].sort(
    (a, b) =>
      Number(b.counted) - Number(a.counted) ||
      (a.counted ? b.ap - a.ap : b.positives - a.positives) ||
      a.position - b.position,
  );
}

function cell(value: number, text: string): Markup {
  return html`<td data-value="${Number.isFinite(value) ? value : ""}">${text}</td>`;
}

function row(tag: TagRow): Markup {
  return html`<tr data-tag="${tag.tag}"${tag.counted ? html`` : html` class="uncounted"`}><th scope="row" data-value="${tag.tag}"><button class="pick" type="button" data-tag="${tag.tag}"><bdi>${tag.tag}</bdi></button></th>
<td class="with-bar" data-value="${Number.isFinite(tag.ap) ? tag.ap : ""}"><div>${bar(tag.ap, "student", tag.prevalence)}<span>${fixed(tag.ap)}</span></div></td>
${cell(tag.positives, count(tag.positives))}${cell(tag.prevalence, percent(tag.prevalence))}${cell(tag.precision, fixed(tag.precision, 2))}${cell(tag.recall, fixed(tag.recall, 2))}${cell(tag.f1, fixed(tag.f1, 2))}${cell(tag.meanTeacher, fixed(tag.meanTeacher))}${cell(tag.meanScore, fixed(tag.meanScore))}</tr>
`;
}

/** The table of all tags, sortable by each column. */
export function tagTable(tags: readonly TagRow[]): Markup {
  const left = tags.filter((tag) => !tag.counted).length;
  const pale = left > 0 ? html` Pale rows (${count(left)}) do not count for macro mAP.` : html``;
  return html`<section aria-labelledby="by-tag"><h2 id="by-tag">Tags</h2>
<p class="soft">Bars are average precision, the tick in them the tag's prevalence, which is what a student that knows nothing gets.${pale}</p>
<div class="card scroll" tabindex="0" role="region" aria-labelledby="by-tag"><table id="tags"><thead><tr>${HEADINGS.map(
    ([name, hint]) => html`<th scope="col"><button type="button" title="${hint}">${name}</button></th>`,
  )}</tr></thead><tbody>
${inOrder(tags).map(row)}</tbody></table></div>
<p><button id="more" type="button" hidden>Show all ${count(tags.length)} tags</button></p></section>`;
}

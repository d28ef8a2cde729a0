import { fixed, html, type Markup } from "../../../core/html.js";
import { bar } from "./charts.js";
import type { PictureCard, ReportData } from "./data.js";

function card(card: PictureCard, tags: readonly string[]): Markup {
  const name = card.source ?? card.id;
  const picture = card.picture
    ? html`<img src="${card.picture.uri}" alt="held-out image ${name}"${card.picture.small ? html` class="small"` : html``}>`
    : html`<div class="missing">no picture</div>`;
  return html`<li class="card"><div class="id"><bdi title="${card.source === undefined ? card.id : `${card.source} (${card.id})`}">${name}</bdi><span title="mean KL divergence from the teacher">KL ${fixed(card.kl)}</span></div>${picture}
<ul class="tags">${card.tags.map(
    ({ position, teacher, student }) =>
      html`<li><div class="name"><button class="pick" type="button" title="${tags[position]!}" data-tag="${tags[position]!}"><bdi>${tags[position]!}</bdi></button><span class="num"><span class="sr">teacher </span>${fixed(teacher, 2)} <span aria-hidden="true">·</span><span class="sr"> student </span> ${fixed(student, 2)}</span></div>${bar(teacher, "teacher")}${bar(student, "student")}</li>`,
  )}</ul></li>
`;
}

function gallery(
  id: string,
  title: string,
  text: string,
  cards: readonly PictureCard[],
  tags: readonly string[],
) {
  return html`<section class="gallery" aria-labelledby="${id}"><h2 id="${id}">${title}</h2><p class="soft">${text}</p>
<ul class="pictures">${cards.map((c) => card(c, tags))}</ul><p class="none"${cards.length > 0 ? html` hidden` : html``}>No picture here.</p></section>`;
}

/** Pictures with the teacher's and the student's bars. `tags` are names by position. */
export function galleries({ best, worst, random }: ReportData, tags: readonly string[]): Markup {
  const legend = html`<p class="legends"><span class="legend">${bar(1, "teacher")} teacher</span><span class="legend">${bar(1, "student")} student</span></p>`;
  return html`${legend}
${gallery("worst", "Where the student is farthest from its teacher", "By mean KL divergence over all tags.", worst, tags)}
${gallery("best", "Where it is nearest", "Among images with at least one positive tag.", best, tags)}
${gallery("random", "Images at random", "What to expect on the whole.", random, tags)}`;
}

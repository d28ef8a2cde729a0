/**
 * The report's script: sorting, filtering by tag, and folding of a long table. It holds no value of the report, so its
 * hash in the page's policy is always the same. Without it all rows and pictures show.
 */
export const SCRIPT = `
"use strict";
(() => {
  const ROWS = 25;
  const input = document.getElementById("tag");
  const clear = document.getElementById("clear");
  const status = document.getElementById("found");
  const more = document.getElementById("more");
  const body = document.querySelector("#tags tbody");
  const rows = [...body.rows];
  const cards = [...document.querySelectorAll(".pictures > li")];
  let all = rows.length <= ROWS;

  const show = () => {
    const wanted = input.value.trim().toLowerCase();
    const match = (name) => name.toLowerCase().includes(wanted);
    let tags = 0;
    for (const row of body.rows) {
      const hit = match(row.dataset.tag);
      if (hit) tags++;
      row.hidden = !hit || (!all && wanted === "" && tags > ROWS);
    }
    let pictures = 0;
    for (const card of cards) {
      const names = card.querySelectorAll("[data-tag]");
      for (const name of names) name.classList.toggle("hit", wanted !== "" && match(name.dataset.tag));
      card.hidden = wanted !== "" && card.querySelector(".hit") === null;
      if (!card.hidden) pictures++;
    }
    for (const section of document.querySelectorAll("section.gallery")) {
      section.querySelector(".none").hidden = [...section.querySelectorAll("li.card")].some((c) => !c.hidden);
    }
    clear.hidden = wanted === "";
    more.hidden = all || wanted !== "";
    status.textContent = wanted === "" ? "" : tags + (tags === 1 ? " tag, " : " tags, ") + pictures + (pictures === 1 ? " picture" : " pictures");
  };

  const sort = (heading) => {
    const column = heading.cellIndex;
    const down = heading.getAttribute("aria-sort") === null ? column > 0 : heading.getAttribute("aria-sort") === "ascending";
    const value = (row) => row.cells[column].dataset.value;
    const compare = (a, b) => {
      if (column === 0) return a < b ? -1 : a > b ? 1 : 0;
      return Number(a) - Number(b);
    };
    const sorted = [...body.rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      return down ? compare(y, x) : compare(x, y);
    });
    for (const other of document.querySelectorAll("#tags thead th")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...sorted);
    show();
  };

  for (const button of document.querySelectorAll("#tags thead button")) {
    button.addEventListener("click", () => sort(button.closest("th")));
  }
  for (const button of document.querySelectorAll("button.pick")) {
    button.addEventListener("click", () => {
      input.value = button.dataset.tag;
      show();
      document.getElementById("filter").scrollIntoView({ block: "start" });
      input.focus({ preventScroll: true });
    });
  }
  input.addEventListener("input", show);
  clear.addEventListener("click", () => { input.value = ""; show(); input.focus(); });
  more.addEventListener("click", () => { all = true; show(); });
  document.getElementById("filter").hidden = false;
  show();
})();
`;

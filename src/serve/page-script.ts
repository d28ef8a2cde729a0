/** Script of the page: it stands in its policy by its hash. Texts reach the page as text alone, never as markup. */
export const SCRIPT = `
const drop = document.getElementById("drop");
const files = document.getElementById("files");
const status = document.getElementById("status");
const results = document.getElementById("results");
const key = document.getElementById("key");
const SVG = "http://www.w3.org/2000/svg";

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function base64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}

async function labelsOf(file) {
  const headers = { "content-type": "application/json" };
  if (key && key.value) headers["x-goog-api-key"] = key.value;
  const features = [{ type: "LABEL_DETECTION", maxResults: 15 }];
  const body = JSON.stringify({ requests: [{ image: { content: await base64(file) }, features }] });
  const answer = await fetch("/v1/images:annotate", { method: "POST", headers, body });
  const { responses, error } = await answer.json();
  const problem = error ?? responses[0].error;
  if (problem) throw new Error(problem.message);
  return responses[0].labelAnnotations;
}

function bar(score) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("viewBox", "0 0 1 1");
  const rect = document.createElementNS(SVG, "rect");
  rect.setAttribute("width", String(score));
  rect.setAttribute("height", "1");
  svg.append(rect);
  return svg;
}

function show(file, labels, problem) {
  const item = document.createElement("li");
  const image = document.createElement("img");
  image.src = URL.createObjectURL(file);
  image.alt = "";
  image.onload = () => URL.revokeObjectURL(image.src);
  item.append(image);
  const about = element("div", "", item);
  element("h2", file.name, about);
  if (problem) element("p", problem, about).className = "bad";
  else {
    const table = element("table", "", about);
    for (const { description, score } of labels) {
      const row = element("tr", "", table);
      element("th", description, row).scope = "row";
      element("td", "", row).append(bar(score));
      element("td", (score * 100).toFixed(1) + " %", row).className = "score";
    }
  }
  results.prepend(item);
}

async function take(list) {
  const chosen = [...list];
  for (const [i, file] of chosen.entries()) {
    status.textContent = "Looking at " + file.name + " (" + (i + 1) + " of " + chosen.length + ")";
    try {
      show(file, await labelsOf(file));
    } catch (error) {
      show(file, [], error.message);
    }
  }
  status.textContent = chosen.length === 1 ? "1 picture done" : chosen.length + " pictures done";
}

files.addEventListener("change", () => take(files.files));
document.addEventListener("paste", (event) => take(event.clipboardData.files));
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.files);
});
`;

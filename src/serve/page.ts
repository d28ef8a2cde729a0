import { createHash } from "node:crypto";
import { SCRIPT } from "./page-script.js";
import { STYLE } from "./page-style.js";

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The page talks to this server alone, and runs nothing but its own script and style. */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": [
    "default-src 'none'",
    "img-src blob: data:",
    "connect-src 'self'",
    `style-src ${hashOf(STYLE)}`,
    `script-src ${hashOf(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => ENTITIES[c]!);

/** A page to drop a picture on and see its tags. */
export function page({ name, tags, secured }: { name: string; tags: number; secured: boolean }): string {
  const key = secured
    ? `<p class="key"><label for="key">Key</label> <input id="key" type="password" autocomplete="off"></p>`
    : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tags of a picture</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Tags of a picture</h1>
<p class="soft">${escaped(name)} · ${tags} tags · <a href="/openapi.json">interface</a> · <a href="/metrics">metrics</a></p>
${key}
<div id="drop">
<p>Drop pictures here, paste one, or</p>
<p><label class="button" for="files">choose files</label>
<input id="files" class="sr" type="file" accept="image/*" multiple></p>
</div>
<p id="status" role="status"></p>
<ul id="results" aria-label="Pictures and their tags"></ul>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

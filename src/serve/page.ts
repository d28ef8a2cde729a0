import { html, Markup, policyHash } from "../core/html.js";
import { SCRIPT } from "./page-script.js";
import { STYLE } from "./page-style.js";

/** The page talks to this server alone, and runs nothing but its own script and style. */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": [
    "default-src 'none'",
    "img-src blob: data:",
    "connect-src 'self'",
    `style-src ${policyHash(STYLE)}`,
    `script-src ${policyHash(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** A page to drop a picture on and see its tags. */
export function page({ name, tags, secured }: { name: string; tags: number; secured: boolean }): string {
  const key = secured
    ? html`<p class="key"><label for="key">Key</label> <input id="key" type="password" autocomplete="off"></p>`
    : "";
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tags of a picture</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
<h1>Tags of a picture</h1>
<p class="soft">${name} · ${tags} tags · <a href="/openapi.json">interface</a> · <a href="/metrics">metrics</a></p>
${key}
<div id="drop">
<p>Drop pictures here, paste one, or</p>
<p><label class="button" for="files">choose files</label>
<input id="files" class="sr" type="file" accept="image/*" multiple></p>
</div>
<p id="status" role="status"></p>
<ul id="results" aria-label="Pictures and their tags"></ul>
</main>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`.text;
}

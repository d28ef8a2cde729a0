import { html, Markup, policyHash } from "../../core/html.js";

/** What a report's page is made of beside its body. The style and the script hold no value of the report. */
interface Frame {
  readonly title: string;
  readonly style: string;
  readonly script?: string;
}

/**
 * One HTML page that needs nothing beside itself. Nothing is fetched, and no script or style runs but the frame's own,
 * whatever a tag or an id may hold: they stand in the page's policy by their hashes.
 */
export function reportFrame({ title, style, script }: Frame, body: Markup): string {
  const policy = [
    "default-src 'none'",
    "img-src data:",
    `style-src ${policyHash(style)}`,
    ...(script === undefined ? [] : [`script-src ${policyHash(script)}`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Markup(style)}</style>
</head>
<body>
${body}
${
  script === undefined
    ? ""
    : html`<script>${new Markup(script)}</script>
`
}</body>
</html>
`.text;
}

/** Words that, in a parameter's name, say that its value opens a door. */
const SECRET = new Set(
  "key apikey token accesstoken sig signature secret password passwd pwd auth authorization credential credentials jwt hmac session sessionid sid bearer".split(
    " ",
  ),
);

/** What a signature beside them makes worthless, and what differs each time a link is signed: S3, CloudFront, Azure. */
const SIGNED =
  /^(expires|policy|awsaccesskeyid|googleaccessid|x-(amz|goog|oss|ms)-.*|s[vertpi]|sip|spr|sk(oid|tid|t|e|s|v)|ss|srt|rsc[cdelt])$/i;

/** A JSON web token, whatever its parameter is called. */
const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/;

/** `X-Amz-Signature`, `accessToken`, `api_key` → their words in lower case, and all of them as one. */
function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => SECRET.has(word)) || SECRET.has(words.join(""));
}

/** Names of the parameters whose values must not be written down. */
function secretNames(url: URL): readonly string[] {
  const names = [...new Set(url.searchParams.keys())];
  const signed = names.some((name) => /(^|[-_])sig(nature)?$/i.test(name));
  return names.filter(
    (name) =>
      isSecretName(name) ||
      (signed && SIGNED.test(name)) ||
      url.searchParams.getAll(name).some((value) => JWT.test(value)),
  );
}

/** Shorter values are no secrets; taking them out would wreck whatever holds these few letters. */
const SHORTEST = 4;

/** A text, such as a server's complaint, without the secrets of the URL that it answers. */
export function withoutSecretsOf(url: URL, text: string): string {
  const values = secretNames(url).flatMap((name) => url.searchParams.getAll(name));
  return [...values, url.password]
    .flatMap((value) => [value, encodeURIComponent(value)])
    .filter((value) => value.length >= SHORTEST)
    .reduce((rest, value) => rest.replaceAll(value, "***"), text);
}

/**
 * A URL without what must not be written down: user and password, parameters that are keys, tokens or signatures (with what
 * they sign), and the fragment, which no server sees. What is left is the same each time a link is signed anew.
 */
export function withoutSecrets(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Not a URL: nothing of it can be trusted to be harmless but what stands before the query.
    return url.replace(/[?#].*$/s, "").replace(/\/\/[^/]*@/, "//");
  }
  parsed.username = "";
  parsed.password = "";
  parsed.hash = "";
  // Untouched, a query keeps its spelling.
  for (const name of secretNames(parsed)) parsed.searchParams.delete(name);
  return parsed.href;
}

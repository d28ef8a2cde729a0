/** A licence by its common name, and its version where one is told. */
export interface License {
  /** cc0, cc-by, cc-by-nc-sa, pdm, pixabay …; another licence's own name in lower case, with dashes. */
  readonly family: string;
  /** "4.0". */
  readonly version?: string;
}

const CREATIVE_COMMONS = /^(?:cc-?)?(by(?:-(?:nc|nd|sa))*)$/;

/** Creative Commons licences written out. */
const WORDS: readonly (readonly [words: RegExp, short: string])[] = [
  [/^creative commons/i, "cc"],
  [/\battribution\b/i, "by"],
  [/\bnon-?commercial\b/i, "nc"],
  [/\bno-?deriv(?:ative)?s?\b/i, "nd"],
  [/\bshare-?alike\b/i, "sa"],
];

/** Other ways to say the same. */
const SYNONYMS: Readonly<Record<string, string>> = {
  zero: "cc0",
  "cc-zero": "cc0",
  "cc-0": "cc0",
  "public-domain-mark": "pdm",
  mark: "pdm",
  "cc-pdm": "pdm",
  "pixabay-license": "pixabay",
  "pixabay-content-license": "pixabay",
  "unsplash-license": "unsplash",
  "pexels-license": "pexels",
};

/**
 * What a source says of a licence, as one name: "CC BY-SA 4.0", "cc-by-sa", "by-sa" and
 * https://creativecommons.org/licenses/by-sa/4.0/ are one family; names follow SPDX in lower case. A version that only the
 * address tells is taken from there.
 *
 * @returns undefined where nothing is said
 */
export function readLicense(license: string | null, url: string | null): License | undefined {
  const named = readName(license ?? "");
  const linked = readUrl(url ?? "");
  return named && (named.version !== undefined || named.family !== linked?.family) ? named : linked;
}

function readUrl(url: string): License | undefined {
  const found = /creativecommons\.org\/(?:licenses|publicdomain)\/([a-z-]+)(?:\/(\d+\.\d+))?/i.exec(url);
  if (!found) return undefined;
  const [, name, version] = found;
  return { family: common(name!.toLowerCase()), ...(version ? { version } : {}) };
}

function readName(text: string): License | undefined {
  if (/^https?:\/\//i.test(text)) {
    return readUrl(text) ?? { family: slug(text) };
  }
  const name = slug(WORDS.reduce((said, [words, short]) => said.replace(words, short), text));
  if (name === "") return undefined;
  const versioned = /^(.*?)-(?:v-?)?(\d+\.\d+)(?:-.*)?$/.exec(name);
  if (!versioned) return { family: common(name) };
  return { family: common(versioned[1]!), version: versioned[2]! };
}

const slug = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "");

function common(name: string): string {
  const known = Object.hasOwn(SYNONYMS, name) ? SYNONYMS[name]! : name;
  const creativeCommons = CREATIVE_COMMONS.exec(known);
  return creativeCommons ? `cc-${creativeCommons[1]}` : known;
}

/** Whether a licence goes by a name of a list; a name without a version stands for all versions. */
export function isListed(license: License, names: readonly string[]): boolean {
  return names.some((name) => {
    const wanted = readLicense(name, null);
    return (
      wanted?.family === license.family &&
      (wanted.version === undefined || wanted.version === license.version)
    );
  });
}

/** "cc-by-4.0". */
export function licenseName({ family, version }: License): string {
  return version === undefined ? family : `${family}-${version}`;
}

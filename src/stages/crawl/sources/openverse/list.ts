import type { ListContext, ListedItem } from "../../../../contract/kind.js";
import { StageError } from "../../../../contract/stage.js";
import { isJsonObject, type JsonObject } from "../../../../core/json.js";
import type { Headers, WebClient } from "../../../../core/net/client.js";
import { withoutSecrets } from "../../../../core/net/secrets.js";
import { ApiAnswers, explained } from "../../api/answers.js";
import { address, objects, parametersOf, text } from "../../api/fields.js";
import { type Catalogue, firstOf, type Page, type Query, searchAll } from "../../api/search.js";
import { webClient } from "../../http/network.js";
import { OPENVERSE_PARTS, type OpenverseSource } from "../../schema-apis.js";

/** Pages of one query, and results a page without and with an account, at most: api.openverse.org/v1/. */
const PAGES = 20;
const PER_PAGE = { anonymous: 20, account: 500 };

const HINTS = {
  400: "a parameter that the API does not take",
  401: "the client id or secret is wrong, or has expired: api.openverse.org/v1/#tag/auth tells how to get one",
  429: "the API's limit is reached: an account allows more (client_id_env, client_secret_env)",
};

/** Openly licensed pictures that searches at Openverse find, wherever they lie. */
export async function* list(context: ListContext): AsyncGenerator<ListedItem> {
  const source = context.with.source as unknown as OpenverseSource;
  const web = webClient(source);
  try {
    const headers = await login(context, source, web);
    const perPage = headers.authorization === undefined ? PER_PAGE.anonymous : PER_PAGE.account;
    const api = new ApiAnswers(context, { web, retries: source.retries, name: "openverse", pause });
    const catalogue: Catalogue = {
      reach: PAGES * perPage,
      parts: OPENVERSE_PARTS,
      async page(query, page) {
        const url = address(`${source.endpoint.replace(/\/$/, "")}/images/`, {
          ...query,
          page_size: perPage,
          page,
        });
        const answer = await api.get(url, headers);
        return readPage(isJsonObject(answer) ? answer : {}, page);
      },
    };
    yield* firstOf(searchAll(catalogue, source.queries, fixed(source), source.split), source.limit);
  } catch (error) {
    throw explained("openverse", error, HINTS);
  } finally {
    await web.close();
  }
}

/** The parameters of every search. */
function fixed(source: OpenverseSource): Query {
  return parametersOf({
    license: source.license?.join(","),
    license_type: source.license_type?.join(","),
    source: source.sources?.join(","),
    creator: source.creator,
    category: source.category,
    extension: source.extension,
    aspect_ratio: source.aspect_ratio,
    size: source.size,
    mature: source.mature ? "true" : undefined,
  });
}

/** OAuth2, client credentials: a token for the requests of this listing, which is kept nowhere. Without an account: nothing. */
async function login(context: ListContext, source: OpenverseSource, web: WebClient): Promise<Headers> {
  const { client_id_env: id, client_secret_env: secret, endpoint } = source;
  if (id === undefined || secret === undefined) return {};
  const { body } = await web.get(`${endpoint.replace(/\/$/, "")}/auth_tokens/token/`, {
    maxBytes: 64 * 1024,
    signal: context.signal,
    form: {
      grant_type: "client_credentials",
      client_id: context.secret(id),
      client_secret: context.secret(secret),
    },
  });
  const token = /"access_token"\s*:\s*"([^"]+)"/.exec(body.toString())?.[1];
  if (token === undefined) throw new StageError("openverse gives no token", { class: "bad-answer" });
  return { authorization: `Bearer ${token}` };
}

function readPage(answer: JsonObject, page: number): Page {
  const results = objects(answer.results);
  const items = results.flatMap((result) => itemOf(result) ?? []);
  const pages = Math.min(PAGES, Number(answer.page_count ?? 0));
  return { total: Number(answer.result_count ?? 0), items, last: results.length === 0 || page >= pages };
}

function itemOf(result: JsonObject): ListedItem | undefined {
  const [id, url] = [text(result.id), text(result.url)];
  if (id === null || url === null || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  const input = withoutSecrets(url);
  const license = text(result.license);
  const version = text(result.license_version);
  const tags = objects(result.tags).flatMap(({ name }) => text(name) ?? []);
  return {
    id: `openverse-${id.replace(/[^\w-]/g, "_")}`,
    input,
    locator: url,
    columns: {
      source_url: input,
      page_url: text(result.foreign_landing_url),
      author: text(result.creator),
      license: license === null ? null : licenseName(license, version),
      license_url: text(result.license_url),
      attribution: text(result.attribution),
      title: text(result.title),
      tags: tags.length > 0 ? tags.join(", ") : null,
    },
  };
}

/** `by-sa`, `2.0` → `cc-by-sa-2.0`; `cc0`, `pdm` stand for themselves. */
function licenseName(license: string, version: string | null): string {
  const family = /^by\b/.test(license) ? `cc-${license}` : license;
  return version === null ? family : `${family}-${version}`;
}

const SECONDS: Readonly<Record<string, number>> = { sec: 1, second: 1, min: 60, minute: 60 };

/**
 * `X-RateLimit-Limit-anon_burst: 20/min` with `X-RateLimit-Available-anon_burst: 0` asks to wait for the window's end. Limits by
 * the hour or the day are not waited for: the API answers 429 then.
 */
function pause(headers: Headers): number {
  let longest = 0;
  for (const [name, value] of Object.entries(headers)) {
    const scope = /^x-ratelimit-available-(.+)$/.exec(name)?.[1];
    if (scope === undefined || Number(value) > 0) continue;
    const unit = /\/\s*([a-z]+)/i.exec(headers[`x-ratelimit-limit-${scope}`] ?? "")?.[1] ?? "";
    longest = Math.max(longest, (SECONDS[unit.toLowerCase()] ?? 0) * 1000);
  }
  return longest;
}

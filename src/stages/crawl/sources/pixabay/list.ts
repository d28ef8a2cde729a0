import type { ListContext, ListedItem } from "../../../../contract/kind.js";
import { isJsonObject, type JsonObject } from "../../../../core/json.js";
import type { Headers } from "../../../../core/net/client.js";
import { ApiAnswers, explained } from "../../api/answers.js";
import { address, objects, parametersOf, text } from "../../api/fields.js";
import { type Catalogue, firstOf, type Page, type Query, searchAll } from "../../api/search.js";
import { webClient } from "../../http/network.js";
import type { PixabaySource } from "../../schema-apis.js";
import { PIXABAY_PARTS } from "../../schema-apis.js";

/** Results that one query reaches, and results a page, at most: pixabay.com/api/docs. */
const REACH = 500;
const PER_PAGE = 200;

const HINTS = {
  400: "a key that is missing or wrong is the usual reason: pixabay.com/api/docs shows yours when you are logged in",
  401: "the key is wrong: pixabay.com/api/docs shows yours when you are logged in",
};

/** Pictures that searches at Pixabay find. The key comes from the environment and stands in no address that is kept. */
export async function* list(context: ListContext): AsyncGenerator<ListedItem> {
  const source = context.with.source as unknown as PixabaySource;
  const key = context.secret(source.key_env);
  const web = webClient(source);
  const api = new ApiAnswers(context, { web, retries: source.retries, name: "pixabay", pause });
  const catalogue: Catalogue = {
    reach: REACH,
    parts: PIXABAY_PARTS,
    page: async (query, page) => readPage(await ask(api, source, query, page, key), page, source),
  };
  try {
    yield* firstOf(searchAll(catalogue, source.queries, fixed(source), source.split), source.limit);
  } catch (error) {
    throw explained("pixabay", error, HINTS);
  } finally {
    await web.close();
  }
}

/** The parameters of every search. */
function fixed(source: PixabaySource): Query {
  const { lang, image_type, orientation, category, colors, order } = source;
  return parametersOf({
    lang,
    image_type,
    orientation,
    category,
    colors: colors?.join(","),
    order,
    min_width: source.min_width?.toString(),
    min_height: source.min_height?.toString(),
    editors_choice: source.editors_choice ? "true" : undefined,
    safesearch: source.safesearch ? "true" : undefined,
  });
}

async function ask(
  api: ApiAnswers,
  source: PixabaySource,
  query: Query,
  page: number,
  key: string,
): Promise<JsonObject> {
  const url = address(source.endpoint, { ...query, per_page: PER_PAGE, page, key });
  const answer = await api.get(url);
  return isJsonObject(answer) ? answer : {};
}

function readPage(answer: JsonObject, page: number, source: PixabaySource): Page {
  const hits = objects(answer.hits);
  const items = hits.flatMap((hit) => itemOf(hit, source) ?? []);
  const reached = Math.min(REACH, Number(answer.totalHits ?? 0));
  return { total: Number(answer.total ?? 0), items, last: hits.length === 0 || page * PER_PAGE >= reached };
}

function itemOf(hit: JsonObject, source: PixabaySource): ListedItem | undefined {
  const id = text(hit.id);
  const url = text(source.size === "large" ? hit.largeImageURL : hit.webformatURL);
  if (id === null || url === null) return undefined;
  const page = text(hit.pageURL);
  const author = text(hit.user);
  const drop = source.no_ai_training === "drop" && hit.noAiTraining === true;
  return {
    id: `pixabay-${id.replace(/[^\w-]/g, "_")}`,
    // The picture's address changes with each answer; the picture does not.
    input: `pixabay:${id}`,
    locator: url,
    columns: {
      source_url: page,
      page_url: page,
      author,
      license: "pixabay",
      license_url: "https://pixabay.com/service/license-summary/",
      attribution: author === null ? "Image from Pixabay" : `Image by ${author} from Pixabay`,
      tags: text(hit.tags),
    },
    ...(drop ? { refused: { class: "no-ai-training", detail: "marked noAiTraining at Pixabay" } } : {}),
  };
}

/** X-RateLimit-Remaining requests are left in a window that ends in X-RateLimit-Reset seconds. */
function pause(headers: Headers): number {
  const left = Number(headers["x-ratelimit-remaining"] ?? 1);
  return left > 0 ? 0 : Number(headers["x-ratelimit-reset"] ?? 1) * 1000;
}

import { send, WebRig } from "./web.js";

export interface PixabayWorld {
  readonly rig: WebRig;
  readonly endpoint: string;
  /** Searches that reached the server, without their key. */
  searches(): readonly string[];
}

interface Shot {
  readonly id: number;
  readonly subject: string;
  readonly colors: string;
  readonly orientation: string;
}

/**
 * A server that answers as pixabay.com/api/docs says: at most 500 results of a query, 3 to 200 a page, `key` checked, limits told
 * in headers, errors as text, links that change with every answer and work for the answer's time only.
 *
 * @param limit requests in a window of a second
 */
export async function pixabayWorld(
  key: string,
  picture: Uint8Array,
  count: number,
  limit = 100,
): Promise<PixabayWorld> {
  const shots: Shot[] = Array.from({ length: count }, (_, id) => ({
    id,
    subject: id % 2 === 0 ? "cat" : "dog",
    colors: ["red", "blue", "green"][id % 3]!,
    orientation: id % 4 < 2 ? "horizontal" : "vertical",
  }));
  let answers = 0;
  let windowStart = 0;
  let inWindow = 0;
  const rig = await WebRig.start({
    "/api/": (_request, response, url) => {
      const now = performance.now();
      if (now - windowStart >= 1000) [windowStart, inWindow] = [now, 0];
      inWindow += 1;
      const headers = {
        "x-ratelimit-limit": String(limit),
        "x-ratelimit-remaining": String(Math.max(0, limit - inWindow)),
        "x-ratelimit-reset": String(Math.ceil((1000 - (now - windowStart)) / 1000)),
      };
      const refuse = (status: number, words: string) =>
        send(response, status, "text/plain", `[ERROR ${status}] ${words}`, headers);
      const ask = url.searchParams;
      if (inWindow > limit) return refuse(429, "API rate limit exceeded");
      if (ask.get("key") !== key) return refuse(400, "Invalid or missing API key.");
      const perPage = Number(ask.get("per_page") ?? 20);
      const page = Number(ask.get("page") ?? 1);
      if (!(perPage >= 3 && perPage <= 200)) return refuse(400, '"per_page" is out of valid range.');
      const found = shots.filter(
        (shot) =>
          (ask.get("q") ?? shot.subject) === shot.subject &&
          (ask.get("colors") ?? shot.colors) === shot.colors &&
          (ask.get("orientation") ?? shot.orientation) === shot.orientation,
      );
      const reached = found.slice(0, 500);
      if (page > 1 && (page - 1) * perPage >= reached.length)
        return refuse(400, '"page" is out of valid range.');
      answers += 1;
      const hits = reached.slice((page - 1) * perPage, page * perPage).map((shot) => ({
        id: shot.id,
        pageURL: `https://pixabay.com/photos/${shot.subject}-${shot.id}/`,
        type: "photo",
        tags: `${shot.subject}, ${shot.colors}`,
        webformatURL: rig.url(`/get/${answers}/${shot.id}_640.png`),
        largeImageURL: rig.url(`/get/${answers}/${shot.id}_1280.png`),
        user: `user${shot.id % 7}`,
        user_id: shot.id % 7,
        noAiTraining: shot.id % 10 === 9,
        isAiGenerated: false,
      }));
      const body = JSON.stringify({ total: found.length, totalHits: reached.length, hits });
      return send(response, 200, "application/json", body, headers);
    },
    "/get/": (_request, response) => send(response, 200, "image/png", picture),
  });
  return {
    rig,
    endpoint: rig.url("/api/"),
    searches: () =>
      rig.seen
        .filter(({ path }) => path.startsWith("/api/"))
        .map(({ path }) =>
          decodeURIComponent(path)
            .replace(/[?&](key|per_page)=[^&]*/g, "")
            .replace("/api/", ""),
        ),
  };
}

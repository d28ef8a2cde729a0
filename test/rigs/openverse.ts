import { send, WebRig } from "./web.js";

export interface OpenverseWorld {
  readonly rig: WebRig;
  readonly endpoint: string;
  /** Tokens given out. */
  tokens(): number;
}

/**
 * A server that answers as api.openverse.org/v1/ says: pages of at most 20 results without a token (401 above) and 500 with one,
 * 20 pages, filters, OAuth2 client credentials, limits in headers.
 *
 * @param burst requests a window that tells itself a second long
 */
export async function openverseWorld(
  account: { readonly id: string; readonly secret: string },
  picture: Uint8Array,
  count: number,
  burst = 1000,
): Promise<OpenverseWorld> {
  const works = Array.from({ length: count }, (_, i) => ({
    id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
    license: ["by", "by-sa", "cc0"][i % 3]!,
    index: i,
  }));
  let tokens = 0;
  let windowStart = 0;
  let inWindow = 0;
  const rig = await WebRig.start({
    "/v1/auth_tokens/token/": async (request, response) => {
      const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString());
      const right =
        request.method === "POST" &&
        form.get("grant_type") === "client_credentials" &&
        form.get("client_id") === account.id &&
        form.get("client_secret") === account.secret;
      if (!right) return send(response, 401, "application/json", '{"error":"invalid_client"}');
      tokens += 1;
      const body = { access_token: "t0ken", token_type: "Bearer", expires_in: 43200, scope: "read write" };
      send(response, 200, "application/json", JSON.stringify(body));
    },
    "/v1/images/": (request, response, url) => {
      const authenticated = request.headers.authorization === "Bearer t0ken";
      const now = performance.now();
      if (now - windowStart >= 1000) [windowStart, inWindow] = [now, 0];
      inWindow += 1;
      const headers = {
        "x-ratelimit-limit-anon_burst": `${burst}/sec`,
        "x-ratelimit-available-anon_burst": String(Math.max(0, burst - inWindow)),
        "x-ratelimit-limit-anon_sustained": "200/day",
        "x-ratelimit-available-anon_sustained": "0",
      };
      const refuse = (status: number, detail: string, more = {}) =>
        send(response, status, "application/json", JSON.stringify({ detail }), { ...headers, ...more });
      if (inWindow > burst) return refuse(429, "Request was throttled.", { "retry-after": "1" });
      const ask = url.searchParams;
      const size = Number(ask.get("page_size") ?? 20);
      const page = Number(ask.get("page") ?? 1);
      if (size > (authenticated ? 500 : 20))
        return refuse(401, "page_size is too large for anonymous requests");
      if (page > 20) return refuse(400, "page is out of range");
      const wanted = ask.get("license")?.split(",");
      const found = works.filter(({ license }) => !wanted || wanted.includes(license));
      const results = found.slice((page - 1) * size, page * size).map(({ id, license, index }) => ({
        id,
        title: `Work ${index}`,
        url: rig.url(`/files/${index}.png?sig=abc`),
        foreign_landing_url: `https://example.org/works/${index}`,
        creator: `Author ${index % 5}`,
        license,
        license_version: license === "cc0" ? "1.0" : "2.0",
        license_url: `https://creativecommons.org/licenses/${license}/2.0/`,
        attribution: `"Work ${index}" by Author ${index % 5} is licensed under ${license}.`,
        tags: [
          { name: "cat", accuracy: null },
          { name: "outdoors", accuracy: 0.9 },
        ],
      }));
      const page_count = Math.min(20, Math.ceil(found.length / size));
      const body = { result_count: found.length, page_count, page_size: size, page, results };
      return send(response, 200, "application/json", JSON.stringify(body), headers);
    },
    "/files/": (_request, response) => send(response, 200, "image/png", picture),
  });
  return { rig, endpoint: rig.url("/v1"), tokens: () => tokens };
}

import type { Source } from "./source.js";
import { isRemote } from "./sources/urls/remote.js";

const urlOf = (path: string) => new URL(path, import.meta.url).href;

const SOURCES: readonly Source[] = [
  {
    name: "synthetic",
    listedAtPlan: false,
    impl: ["sharp"],
    list: async () => (await import("./sources/synthetic/list.js")).list,
    worker: urlOf("./sources/synthetic/worker.js"),
    open: async (context) => (await import("./sources/synthetic/worker.js")).open(context),
  },
  {
    name: "local",
    listedAtPlan: true,
    impl: [],
    list: async () => (await import("./sources/local/list.js")).list,
    worker: urlOf("./sources/local/worker.js"),
    open: async () => (await import("./sources/local/worker.js")).open(),
  },
  {
    name: "urls",
    listedAtPlan: false,
    impl: [],
    fetches: true,
    columns: ({ extra }) => extra as readonly string[],
    identity: async ({ list }, context) =>
      (await import("./sources/urls/list-file.js")).listIdentity(String(list), context),
    needs: ({ list, authorization_env: variable }) =>
      isRemote(String(list)) && typeof variable === "string" ? [{ variable }] : [],
    list: async () => (await import("./sources/urls/list.js")).list,
    worker: urlOf("./http/worker.js"),
    open: async (context) => (await import("./http/worker.js")).openFetcher(context),
  },
  {
    name: "pixabay",
    listedAtPlan: false,
    impl: [],
    fetches: true,
    columns: () => ["tags"],
    list: async () => (await import("./sources/pixabay/list.js")).list,
    worker: urlOf("./http/worker.js"),
    open: async (context) => (await import("./http/worker.js")).openFetcher(context, { linksExpire: true }),
  },
  {
    name: "openverse",
    listedAtPlan: false,
    impl: [],
    fetches: true,
    columns: () => ["title", "tags"],
    // One without the other is no account.
    needs: ({ client_id_env: id, client_secret_env: secret }) =>
      typeof id === "string" && typeof secret === "string" ? [{ variable: id }, { variable: secret }] : [],
    list: async () => (await import("./sources/openverse/list.js")).list,
    worker: urlOf("./http/worker.js"),
    open: async (context) => (await import("./http/worker.js")).openFetcher(context),
  },
];

/** The source that `with.source.type` names. @throws for a name the schema does not know. */
export function sourceNamed(name: string): Source {
  const source = SOURCES.find((candidate) => candidate.name === name);
  if (!source) throw new Error(`there is no source ${name}`);
  return source;
}

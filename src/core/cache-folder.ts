import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * A folder of ours in the user's cache, `$XDG_CACHE_HOME/pipestill/<name>`: what is downloaded outlives stores and node_modules.
 */
export function cacheFolder(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const cache = env.XDG_CACHE_HOME;
  // The XDG specification has relative paths ignored.
  return join(cache && isAbsolute(cache) ? cache : join(homedir(), ".cache"), "pipestill", name);
}

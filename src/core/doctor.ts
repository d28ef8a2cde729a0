import { tmpdir } from "node:os";
import { Duck } from "./duck.js";
import type { Finding } from "./finding.js";
import { NODE_FLOOR, VERSION } from "./version.js";

/** Pipestill's own version, Node's and DuckDB's; DuckDB is loaded and asked. */
export async function examineCore(): Promise<Finding[]> {
  return [
    { check: "pipestill", level: "ok", message: VERSION },
    examineNode(process.versions.node),
    await examineDuck(),
  ];
}

/** @param version as in "20.19.0" */
export function examineNode(version: string): Finding {
  if (!isOlder(version, NODE_FLOOR)) return { check: "node", level: "ok", message: version };
  return {
    check: "node",
    level: "problem",
    message: `${version} is older than ${NODE_FLOOR}, the oldest that pipestill runs on`,
    fix: `install Node ${NODE_FLOOR} or newer`,
  };
}

function isOlder(version: string, floor: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [i, least] of floor.split(".").map(Number).entries()) {
    const part = parts[i] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

async function examineDuck(): Promise<Finding> {
  try {
    const duck = await Duck.open({ scratch: tmpdir() });
    try {
      return { check: "duckdb", level: "ok", message: await duck.value<string>("SELECT version()") };
    } finally {
      duck.close();
    }
  } catch (error) {
    return {
      check: "duckdb",
      level: "problem",
      message: `cannot be loaded: ${(error as Error).message}`,
      fix: "npm ci, on this machine and without --omit=optional: DuckDB comes in one package for each platform",
    };
  }
}

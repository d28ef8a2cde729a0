import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { isJsonObject, type Json } from "../../core/json.js";

/** Who holds a lock or does a run: enough to tell, on the same machine, whether it is still alive. */
export interface ProcessIdentity {
  readonly host: string;
  /** The installation's own id (/etc/machine-id); empty where there is none. */
  readonly machine: string;
  /** Changes with every boot, and differs between containers: only within it do pids mean anything. */
  readonly bootId: string;
  readonly pid: number;
  /** When the process started, as the system counts it: a pid that is used again has another. */
  readonly processStart: string;
}

let self: ProcessIdentity | undefined;

/** This process. */
export function ownIdentity(): ProcessIdentity {
  self ??= {
    host: hostname(),
    machine: readText("/etc/machine-id"),
    bootId: bootId(),
    pid: process.pid,
    processStart: processStart(process.pid) ?? "",
  };
  return self;
}

export type Liveness = "alive" | "dead" | "elsewhere";

/** Whether a process lives, as far as this machine can tell. */
export function liveness(owner: ProcessIdentity): Liveness {
  const own = ownIdentity();
  if (owner.host !== own.host || owner.machine !== own.machine) return "elsewhere";
  if (owner.bootId !== own.bootId) {
    const sameBoot = owner.bootId.split(" ")[0] === own.bootId.split(" ")[0];
    // A machine that has booted since has ended all that ran; another container of this boot cannot be looked into.
    return own.machine !== "" && !sameBoot ? "dead" : "elsewhere";
  }
  return processStart(owner.pid) === owner.processStart ? "alive" : "dead";
}

/** The identity in a JSON value; undefined where it is none. */
export function readIdentity(value: Json | undefined): ProcessIdentity | undefined {
  if (!isJsonObject(value)) return undefined;
  const { host, machine, bootId, pid, processStart } = value;
  if (typeof host !== "string" || typeof machine !== "string" || typeof bootId !== "string") return undefined;
  if (typeof pid !== "number" || typeof processStart !== "string") return undefined;
  return { host, machine, bootId, pid, processStart };
}

function bootId(): string {
  try {
    return `${readText("/proc/sys/kernel/random/boot_id")} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return process.platform;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

/** When a process started; undefined for one that does not exist or has ended and waits to be reaped. */
function processStart(pid: number): string | undefined {
  if (process.platform !== "linux") return processStartByPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields after the command's name, which may hold anything, parentheses too: state is the 3rd, start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function processStartByPs(pid: number): string | undefined {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

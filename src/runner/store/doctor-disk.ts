import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  openSync,
  rmSync,
  type StatsFs,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../core/finding.js";
import { isCode, namesIn, uniqueName } from "./paths.js";

/** Below this a run of some size ends with a full disk, bytes. */
const FEW_BYTES = 1e9;
/** And below this with a full inode table. */
const FEW_FILES = 10_000;

/** Whether the store can be written: tried, since permissions alone do not tell. */
export function examineWriting(root: string): Finding {
  const check = "store";
  const failure = tryToWrite(root);
  if (failure) return { check, level: "problem", ...failure };
  const closed = foldersOf(root).filter((folder) => !isWritable(folder));
  const [first] = closed;
  if (first === undefined) return { check, level: "ok", message: `${root} is writable` };
  const message = `${first}${closed.length > 1 ? ` and ${closed.length - 1} more folders` : ""} cannot be written`;
  return { check, level: "problem", message, fix: `chmod -R u+w ${root}, as its owner` };
}

/** Makes a file and a hard link to it, which locks are made of. @returns what is wrong, if anything is */
function tryToWrite(root: string): { readonly message: string; readonly fix: string } | undefined {
  const probe = join(root, `.doctor-${uniqueName()}`);
  const made: string[] = [];
  try {
    const fd = openSync(probe, "wx");
    made.push(probe);
    try {
      writeSync(fd, "x");
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    linkSync(probe, `${probe}.link`);
    made.push(`${probe}.link`);
    return undefined;
  } catch (error) {
    return whyNot(root, error as NodeJS.ErrnoException);
  } finally {
    for (const path of made) rmSync(path);
  }
}

function whyNot(
  root: string,
  error: NodeJS.ErrnoException,
): { readonly message: string; readonly fix: string } {
  if (isCode(error, "EROFS")) {
    const fix = "mount it writable, or name another folder with --store";
    return { message: `${root} is on a read-only file system`, fix };
  }
  if (isCode(error, "EACCES", "EPERM") && error.syscall === "open")
    return { message: `${root} is read-only for this user`, fix: `chmod -R u+w ${root}, as its owner` };
  if (isCode(error, "ENOSPC", "EDQUOT")) {
    // gc itself writes a lease.
    const fix = "free a megabyte and a few files on its disk, then pipe gc";
    return { message: `no more can be written to ${root}: ${error.message}`, fix };
  }
  const fix = "name a folder on another file system with --store";
  return { message: `${root} cannot hold a store: ${error.message}`, fix };
}

/** The folders in which a store makes files, two levels deep. */
function foldersOf(root: string): string[] {
  const parts = ["store", "trees", "results", "runs", "cache", "scratch", "locks", "leases", "latest"];
  const folders = parts.filter((part) => namesIn(root).includes(part)).map((part) => join(root, part));
  return [...folders, ...namesIn(join(root, "store")).map((name) => join(root, "store", name))];
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What is left on the disk of a folder. */
export function examineDisk(folder: string, flag: string): Finding {
  return judgeDisk(statfsSync(folder), flag);
}

/** @param stats of the file system; a file system that makes inodes as it needs them tells 0 of them */
export function judgeDisk({ bavail, bsize, blocks, files, ffree }: StatsFs, flag: string): Finding {
  const check = "disk";
  const free = bavail * bsize;
  const inodes = files === 0 ? "" : `, ${thousands(ffree)} more files`;
  const message = `${gigabytes(free)} of ${gigabytes(blocks * bsize)} free${inodes}`;
  if (free >= FEW_BYTES && (files === 0 || ffree >= FEW_FILES)) return { check, level: "ok", message };
  const what = free < FEW_BYTES ? "the disk is almost full" : "the disk can hold hardly any more files";
  return { check, level: "problem", message: `${what}: ${message}`, fix: `pipe gc --keep-last 20${flag}` };
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;

const thousands = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

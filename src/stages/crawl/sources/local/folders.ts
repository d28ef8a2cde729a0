import { type Dirent, readdir, realpathSync } from "node:fs";
import { dirname } from "node:path";

type Done = (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void;

/** The form of `fs.readdir` that fast-glob calls. */
type ReadFolder = typeof readdir;

/**
 * A readdir that takes a folder for empty, and says so, where it cannot be read or where following links has led back
 * into a folder that it lies in: without this, two links to a parent make a tree that grows by powers of two.
 */
export function readingFolders(root: string, follow: boolean, warn: (message: string) => void): ReadFolder {
  const read = (path: string, options: { withFileTypes: true }, done: Done): void => {
    if (follow && leadsBack(root, path)) {
      warn(`left out the folder ${path}: it links back to a folder it lies in`);
      done(null, []);
      return;
    }
    readdir(path, options, (error, entries) => {
      if (error) warn(`left out the folder ${path}: ${error.code ?? error.message}`);
      done(null, error ? [] : entries);
    });
  };
  return read as ReadFolder;
}

/** Whether a folder is, behind its links, one of the folders on the way to it. */
function leadsBack(root: string, path: string): boolean {
  try {
    const real = realpathSync(path);
    for (let above = path; above.length > root.length; ) {
      above = dirname(above);
      if (realpathSync(above) === real) return true;
    }
  } catch {
    // What cannot be resolved cannot be read either: readdir says why.
  }
  return false;
}

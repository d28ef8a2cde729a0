import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

process.on("exit", () => {
  if (process.env.KEEP_TEST_FOLDERS) return;
  for (const folder of made) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // A process that a test left behind writes there still, or the test took away permissions.
    }
  }
});

/** A fresh temporary folder, as its real path; removed when the process ends, unless KEEP_TEST_FOLDERS is set. */
export function temporaryFolder(prefix = "pipestill-test-"): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  made.push(folder);
  return folder;
}

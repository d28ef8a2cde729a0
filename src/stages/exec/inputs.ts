import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type StageContext, StageError } from "../../contract/stage.js";

/**
 * Shows each input as a folder of symbolic links into the store, under scratch/inputs/<port>.
 *
 * @returns INPUT_<PORT> → folder; the port in capitals, other characters than letters and digits as `_`
 */
export function linkInputs(context: StageContext): Record<string, string> {
  const root = join(context.scratch, "inputs");
  rmSync(root, { recursive: true, force: true });
  const variables: Record<string, string> = {};
  const ports = new Map<string, string>();
  for (const [port, artifact] of Object.entries(context.inputs)) {
    const name = `INPUT_${port.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
    const other = ports.get(name);
    if (other !== undefined) {
      throw new StageError(`the inputs \`${other}\` and \`${port}\` would both be ${name}`, {
        hint: "rename one of them",
      });
    }
    ports.set(name, port);
    const folder = join(root, port);
    mkdirSync(folder, { recursive: true });
    for (const file of artifact.files) {
      const link = join(folder, file);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(artifact.path(file), link);
    }
    variables[name] = folder;
  }
  return variables;
}

import type { Pipeline } from "../config/pipeline.js";

/** The command that runs the stage again as it was asked for. */
export function rerunCommand(pipeline: Pipeline, stage: string): string {
  const quote = (text: string) =>
    /^[\w./=:,@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const options = [
    ...pipeline.profiles.flatMap((profile) => ["-p", profile]),
    ...pipeline.overrides.flatMap((override) => ["-S", override]),
  ];
  return ["npx pipe run", ...[pipeline.file, stage, ...options].map(quote)].join(" ");
}

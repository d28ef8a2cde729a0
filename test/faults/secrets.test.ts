import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CliRig } from "../rigs/cli.js";

/** Of two lines, with characters that JSON and URLs escape. */
const CANARY = 'canary-7f31"b0&\\x\ncanary-second-line';
/** What of it may stand nowhere: its lines, and the form it has in a URL. */
const TRACES = ["canary-7f31", "canary-second-line"];

/** Commands that print the secret in every way they can, and what becomes of each. */
const COMMANDS: readonly { readonly name: string; readonly command: string; readonly code: number }[] = [
  { name: "prints it and ends well", command: 'printf "%s\\n" "$CANARY"; echo done > $OUTPUT/a', code: 0 },
  { name: "prints it and fails", command: 'echo "token: $CANARY" >&2; exit 3', code: 1 },
  {
    name: "prints it in two pieces",
    command: 'printf "%s" "$CANARY" | { dd bs=8 count=1 2>/dev/null; sleep 0.3; cat; }; false',
    code: 1,
  },
  { name: "dies of a signal", command: 'echo "$CANARY"; kill -SEGV $$', code: 1 },
  {
    name: "leaves it in a child that outlives the shell",
    command: 'sleep 4 & echo "$CANARY"; echo done > $OUTPUT/a',
    code: 0,
  },
  { name: "runs into its time-out", command: 'echo "$CANARY"; sleep 60', code: 1 },
  { name: "is a command that is not there", command: '"$CANARY"', code: 1 },
];

function pipeline(command: string): string {
  const text = JSON.stringify({ command, env: ["CANARY"] });
  return `version: 1\nname: p\nstages: { call: { uses: exec, timeout: 3s, with: ${text} } }\n`;
}

/** The files below a folder that hold a trace of the secret. */
function traces(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => TRACES.some((trace) => readFileSync(path, "latin1").includes(trace)));
}

for (const { name, command, code } of COMMANDS) {
  test(`a command that has a secret and ${name}: it stands nowhere`, async () => {
    const rig = new CliRig();
    rig.write("p.yaml", pipeline(command));
    const env = { CANARY };
    const first = await rig.start(["run", "p.yaml"], env).finished;
    assert.equal(first.code, code, first.stderr);
    const [run] = readdirSync(join(rig.folder, "artifacts/runs"));
    const log = readFileSync(join(rig.folder, "artifacts/runs", run!, "logs/call.log"), "utf8");
    assert.match(log, /\*\*\*/, "the log is kept, with the secret masked");
    const more = [
      await rig.start(["run", "p.yaml", "--json"], env).finished,
      await rig.start(["runs", "show", "last", "--json"], env).finished,
      await rig.start(["explain", "p.yaml", "call"], env).finished,
    ];
    assert.deepEqual(traces(rig.folder), []);
    const said = [first, ...more].flatMap(({ stdout, stderr }) => [stdout, stderr]).join("\n");
    for (const trace of TRACES) assert.equal(said.includes(trace), false, said);
  });
}

import type { Command } from "commander";
import { program } from "./main.js";
import { paint } from "./shared/colour.js";
import type { Terminal } from "./shared/output.js";

const WIDTH = 100;

/** The reference of the command line as Markdown: every verb's help, as `pipe help` prints it. */
export async function cliReference(): Promise<string> {
  let text = "";
  const terminal: Terminal = {
    out: (line) => {
      text += `${line}\n`;
    },
    err: () => {},
    outPaint: paint(false),
    errPaint: paint(false),
  };
  const help = (command: Command) => {
    text = "";
    command.configureHelp({ ...command.configureHelp(), helpWidth: WIDTH }).outputHelp();
    return text.trimEnd();
  };
  const section = (command: Command, parents: string): string[] => {
    const name = `${parents}${command.name()}`;
    return [
      `${parents === "" ? "#" : "##"} \`${name}\`\n\n\`\`\`text\n${help(command)}\n\`\`\``,
      ...command.commands.filter((sub) => sub.name() !== "help").flatMap((sub) => section(sub, `${name} `)),
    ];
  };
  const [head = "", ...verbs] = section(await program(terminal, "all"), "");
  const intro =
    "<!-- Made by tools/cli-reference.ts: `npm run build && node dist/tools/cli-reference.js` -->\n\n" +
    "Results go to stdout, progress and errors to stderr. With `--json` a verb prints one JSON document\n" +
    '(`pipe predict`: one line for each image), an error as `{"error": {"message", "problems"}}`.\n' +
    "Exit codes: 0 done, 1 a stage failed, 2 wrong usage or pipeline file, 130 interrupted.\n" +
    "`NO_COLOR` and `FORCE_COLOR` are honoured; `PIPESTILL_STORE` names the store, `PIPESTILL_DEBUG=1` shows\n" +
    "where an unexpected error happened.";
  return `${[head.replace("\n\n", `\n\n${intro}\n\n`), ...verbs].join("\n\n")}\n`;
}

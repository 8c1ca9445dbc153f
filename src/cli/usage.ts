import { START_OPTIONS } from "./arguments.ts";
import { type CommandSpec, COMMON_OPTIONS, type OptionTable } from "./commands/command.ts";
import { ALL_COMMANDS } from "./commands/registry.ts";
import { wrap } from "./text.ts";

/** Columns of the help, in a pipe too. */
const WIDTH = 80;

const TITLES: Readonly<Record<string, string>> = {
  "plugin": "Look at plugins, decide about them and call them.",
  "plugin config": "Look at the settings of a plugin and change them.",
  "token": "Make and take back the tokens of the API.",
};

/** The help of a command, or of what begins several, such as `plugin`. */
export function helpText(topic: string): string {
  if (topic === "soundproof") return overview();
  if (topic === "start") return startHelp();
  const spec = ALL_COMMANDS.find(({ name }) => name === topic);
  return spec === undefined ? groupHelp(topic) : commandHelp(spec);
}

/** How a command is typed: its name, its words. */
export function synopsis({ name, words }: CommandSpec): string {
  return [name, ...words].join(" ");
}

function overview(): string {
  return `Soundproof runs plugins of music servers that nobody has to trust.

Usage:
  start [options]            start the service
  plugin COMMAND [options]   look at plugins and decide about them
  token COMMAND [options]    make and take back tokens of the API
  doctor [options]           check the installation and each wall

Options:
  --help                     show this, or the help of a word: plugin --help
  --version                  show the version
`;
}

function startHelp(): string {
  return `Start the service. Ctrl-C ends it.

Usage: start [options]

${optionLines(START_OPTIONS)}`;
}

function groupHelp(group: string): string {
  const commands = ALL_COMMANDS.filter(({ name }) => name.startsWith(`${group} `));
  const rows = commands.map((spec) => [synopsis(spec), spec.does] as const);
  return `${TITLES[group] ?? ""}

Usage:
${columns(rows)}
Each has a --help of its own. All take:
${optionLines(COMMON_OPTIONS)}`;
}

function commandHelp(spec: CommandSpec): string {
  const { does, notes, options } = spec;
  const own = optionLines(options);
  const paragraphs = [
    wrap(`${does.charAt(0).toUpperCase()}${does.slice(1)}.`, WIDTH),
    `Usage: ${synopsis(spec)} [options]`,
    ...notes.map((note) => wrap(note, WIDTH)),
  ];
  return `${paragraphs.join("\n\n")}\n\n${own}${own === "" ? "" : "\n"}${
    optionLines(COMMON_OPTIONS)
  }`;
}

function optionLines(options: OptionTable): string {
  return columns(
    Object.entries(options).flatMap(([name, { value, short, help }]) =>
      help === undefined ? [] : [[
        `${short === undefined ? "" : `-${short}, `}--${name}${
          value === undefined ? "" : ` ${value}`
        }`,
        help,
      ]]
    ),
  );
}

/** Two columns; where the first is too wide the second goes below. */
function columns(rows: readonly (readonly [string, string] | readonly string[])[]): string {
  const indent = 29;
  return rows.map(([left = "", right = ""]) => {
    const [first = "", ...more] = wrap(right, WIDTH - indent).split("\n");
    const begin = `  ${left}`;
    const lines = begin.length <= indent - 2
      ? [begin.padEnd(indent) + first]
      : [begin, " ".repeat(indent) + first];
    return [...lines, ...more.map((line) => " ".repeat(indent) + line)].join("\n") + "\n";
  }).join("");
}

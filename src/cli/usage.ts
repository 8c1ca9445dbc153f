/** The help of each word of the command line. */
export const USAGE = {
  soundproof: `Soundproof runs plugins of music servers that nobody has to trust.

Usage:
  start [options]            start the service
  plugin COMMAND [options]   look at plugins and call them; see plugin --help

Options:
  --help                     show this
  --version                  show the version
`,
  start: `Start the service. Ctrl-C ends it.

Usage: start [--data DIR] [--config FILE] [--listen HOST:PORT] [--json]

  --data DIR           the data folder, made at the first start (default: ./data)
  --config FILE        the configuration (default: soundproof.toml in the data folder)
  --listen HOST:PORT   the loopback address to listen on (default: 127.0.0.1:4747)
  --json               say where it listens as one line of JSON
`,
  plugin: `Look at plugins and call them.

Usage:
  plugin list                    every plugin, its state and what it can do
  plugin info ID|PACKAGE         all about one plugin, installed or not
  plugin validate ID|PACKAGE     check a package; exit code 1 if it is not sound
  plugin call ID EXPORT [-]      call an export and print its output
  plugin enable ID               let a plugin run
  plugin disable ID              stop a plugin
  plugin functions               every host function there is, its permission and its shapes

A PACKAGE is the path of an .ndp file or of a folder; write ./name for a folder here.

Options:
  --data DIR           the data folder (default: ./data)
  --config FILE        the configuration (default: soundproof.toml in the data folder)
  --json               print JSON

Options of enable; users and libraries that are not given stay as they were:
  --users NAMES        the users whose data the plugin gets, with commas between; or --all-users
  --libraries IDS      the libraries it gets, with commas between; or --all-libraries
  --write-libraries    let it write into their folders; --no-write-libraries takes that back
  --local-network      open private networks to it, if its manifest asks for them
  --address HOST|CIDR  open one private host, address or block to it; can be repeated

Options of call:
  --input JSON         the input; it must be JSON
  --input-file FILE    the input, any bytes; - reads it from stdin
  --timeout-ms MS      a deadline shorter than the plugin's own
`,
} as const;

/** A word that has a help text. */
export type Topic = keyof typeof USAGE;

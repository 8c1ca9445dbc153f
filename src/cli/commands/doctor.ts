import { command } from "./command.ts";

/** `doctor` */
export const doctor = command({
  name: "doctor",
  does: "checks Deno, permissions, data folder, service, and each wall with a probe plugin",
  notes: [
    "It runs under the flags that the service runs under, beside it or without it, and changes nothing. " +
    "Exit code 1 if something is not as it must be.",
  ],
  read: () => ({ kind: "doctor" }),
});

/** How many workers a process has, as the kernel counts them. It needs all permissions. */
export function workersOf(pid: number | "self"): number {
  const folder = `/proc/${pid}/task`;
  const nameOf = (thread: string) => {
    try {
      return Deno.readTextFileSync(`${folder}/${thread}/comm`);
    } catch { // It ended since the folder was read.
      return "";
    }
  };
  return [...Deno.readDirSync(folder)].filter(({ name }) => nameOf(name).startsWith("worker-"))
    .length;
}

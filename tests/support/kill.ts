/** Sends a signal to a process that may have ended by itself: it ends between two lines that a test reads of it. */
export function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // "Child process has already terminated"; ESRCH where Deno has not heard of it yet.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

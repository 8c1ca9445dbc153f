/** A worker that waits for ever. */
globalThis.addEventListener("message", () => {});

export {};

// The Lifecycle capability: told that the plugin has been loaded. The plugin exports `nd_on_init`.

import { resultCode } from "./result";

let registered: () => void = (): void => {};

/** Has this function run when the plugin is loaded: at a start, when it is enabled, after new settings. */
export function onInit(run: () => void): void {
  registered = run;
}

export function nd_on_init(): i32 {
  registered();
  return resultCode();
}

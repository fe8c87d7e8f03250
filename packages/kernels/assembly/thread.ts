// Which thread runs this instance of the module: a global belongs to an instance.
export let thread: usize = 0;

/** Told once to every worker's instance, as an argument in the place of `params`; the caller's stays 0. */
export function set_thread(index: usize, begin: i32, end: i32): void {
  thread = index;
}

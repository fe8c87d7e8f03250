// Where the rows of a tile go. Globals, because a tile has no register to spare for addresses that it needs
// only at its end; they belong to an instance, and every thread has its own.
export let y0: usize = 0;
export let y1: usize = 0;
export let y2: usize = 0;
export let y3: usize = 0;
export let y4: usize = 0;
export let y5: usize = 0;

// An imported variable cannot be assigned to.
// @ts-ignore: decorator
@inline
export function setOutputRow(row: i32, address: usize): void {
  if (row == 0) y0 = address;
  else if (row == 1) y1 = address;
  else if (row == 2) y2 = address;
  else if (row == 3) y3 = address;
  else if (row == 4) y4 = address;
  else y5 = address;
}

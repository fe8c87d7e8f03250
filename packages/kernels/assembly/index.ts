// Everything the module exports. A kernel is `name(params: usize, begin: i32, end: i32)`: it reads its
// arguments as 32-bit words at `params` and computes the units [begin, end) of its job, so that the
// same function serves one thread (0, units) and any split over many.
export * from "./elementwise";
export * from "./int8-depthwise";
export * from "./int8-prepare";
export * from "./int8-tiles";

/**
 * What the operating system tells in Node: processor load, memory pressure, temperature.
 *
 * @packageDocumentation
 */
export { type WatchCpuLoadOptions, watchCpuLoad } from "./cpu-load.js";
export { type MemoryFiles, readMemoryPressure } from "./memory-pressure.js";
export { readTemperature } from "./temperature.js";

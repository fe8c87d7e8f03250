/**
 * What the operating system tells in Node: processor load, memory pressure, temperature.
 *
 * @packageDocumentation
 */
export {};

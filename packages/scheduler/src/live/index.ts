/**
 * Runs real sessions of `@edgewright/graph` layer by layer under a scheduling policy, and switches between designs.
 *
 * @packageDocumentation
 */
export {};

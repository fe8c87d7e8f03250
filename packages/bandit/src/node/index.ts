/**
 * Files: a snapshot store and a log that live on disk.
 *
 * @packageDocumentation
 */
export {};

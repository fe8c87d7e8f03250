/**
 * Files: a snapshot store and a log that live on disk.
 *
 * @packageDocumentation
 */
export { createFileStore, type FileStoreOptions } from "./file-store.js";
export { createLogFile, type LogFile, type LogFileOptions } from "./log-file.js";
export { type ReadLogLinesOptions, readLogLines } from "./read-log-lines.js";

import { constants } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { EdgewrightError, ValidationError } from "@edgewright/core";
import { formatLogLine } from "../log/format-log-line.js";
import type { LogRecord } from "../log/log-record.js";
import { describeFileFailure } from "./stored-file.js";

/** Options of {@link createLogFile}. */
export interface LogFileOptions {
  /** Characters that wait before a write begins. @default 65536 */
  readonly bufferCharacters?: number;
  /** Milliseconds after which a write begins however few wait; Infinity for never. @default 1000 */
  readonly flushMs?: number;
  /** Characters that may wait in all, where the disk is full or slower than the records come. @default 67108864 */
  readonly limitCharacters?: number;
  /**
   * Told when a write that began by itself failed, as on a full disk. What was to be written is kept and tried again
   * by the next write; {@link LogFile.flush} and {@link LogFile.close} reject where theirs fails.
   */
  readonly onError?: (error: EdgewrightError) => void;
}

/** A log that is written to a file, see {@link createLogFile}. */
export interface LogFile {
  /** Bytes of a broken last line that were cut off when the file was opened: a crash had left them. */
  readonly repairedBytes: number;
  /**
   * Adds a record, to be written soon; the `log` of a bandit, as it is.
   *
   * @throws EdgewrightError `limit-exceeded` when too many records wait, `disposed` after close
   */
  readonly write: (record: LogRecord) => void;
  /** Resolves when all records so far are on the disk. */
  flush(): Promise<void>;
  /** Flushes and closes the file. May be called again. */
  close(): Promise<void>;
}

const NEWLINE = 10;
const OPENING_BRACE = 123;

/**
 * Opens a log of JSONL in a file, made when it is not there, to add records to it: gathered and written many at a
 * time. A last line that a crash cut off is removed first, so that what follows can be read. One process at a time
 * may write a file.
 *
 * @throws EdgewrightError `unavailable` when the file cannot be opened; ValidationError when its last line is no
 * record's, which is left as it is
 *
 * @example
 * const file = await createLogFile("decisions.jsonl");
 * const bandit = createBandit({ policy: ucb1(), arms: ["a", "b"], seed: 1, log: file.write });
 * bandit.update(bandit.decide().id, 1);
 * await file.close();
 * const { decisions } = await readLog(readLogLines("decisions.jsonl"));
 * console.log(decisions.length); // 1
 */
export async function createLogFile(path: string, options: LogFileOptions = {}): Promise<LogFile> {
  const { bufferCharacters = 2 ** 16, flushMs = 1000, limitCharacters = 2 ** 26 } = options;
  if (!(bufferCharacters > 0 && limitCharacters >= bufferCharacters && flushMs >= 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `createLogFile: bufferCharacters above 0 and at most limitCharacters, and flushMs from 0 were expected, got ${bufferCharacters}, ${limitCharacters}, ${flushMs}`,
    );
  }
  const { file, repaired } = await openLog(path).catch((error: unknown) => {
    throw describeFileFailure(error, path);
  });
  const { repairedBytes } = repaired;
  let { size } = repaired;

  let waiting: string[] = [];
  let waitingCharacters = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let closing: Promise<void> | undefined;
  let isFailing = false;

  const writeWaiting = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const lines = waiting;
    const bytes = Buffer.from(lines.join(""));
    waiting = [];
    try {
      // At a place of its own: a write that failed half-way is written over by the next.
      for (let done = 0; done < bytes.length; ) {
        done += (await file.write(bytes, done, bytes.length - done, size + done)).bytesWritten;
      }
      size += bytes.length;
      isFailing = false;
      waitingCharacters = waiting.reduce((sum, line) => sum + line.length, 0);
    } catch (error) {
      waiting = [...lines, ...waiting];
      isFailing = true;
      throw describeFileFailure(error, path);
    }
  };
  // One write at a time, in the order of the calls; each takes all that waits when its turn comes.
  const enqueue = (): Promise<void> => {
    const turn = writing.then(writeWaiting);
    writing = turn.catch(() => undefined);
    return turn;
  };
  const writeByItself = (): void => {
    enqueue().catch((error: EdgewrightError) => options.onError?.(error));
  };
  let requested = false;

  return {
    repairedBytes,
    write(record) {
      if (closing) throw new EdgewrightError("disposed", `${path}: the log is closed`);
      const line = `${formatLogLine(record)}\n`;
      if (waitingCharacters + line.length > limitCharacters) {
        throw new EdgewrightError(
          "limit-exceeded",
          `${path}: ${waitingCharacters} characters wait to be written, and limitCharacters is ${limitCharacters}; is the disk full?`,
          { where: path },
        );
      }
      waiting.push(line);
      waitingCharacters += line.length;
      // Where the disk takes nothing, all that waits is tried again after `flushMs`, not with every record.
      const waits = isFailing && flushMs < Infinity;
      if (waitingCharacters >= bufferCharacters && !waits) {
        if (requested) return;
        requested = true;
        queueMicrotask(() => {
          requested = false;
          writeByItself();
        });
      } else if (timer === undefined && flushMs < Infinity) {
        timer = setTimeout(writeByItself, flushMs);
        timer.unref(); // a log keeps no process alive
      }
    },
    async flush() {
      if (closing) return closing;
      await enqueue();
      await file.datasync().catch((error: unknown) => {
        throw describeFileFailure(error, path);
      });
    },
    close() {
      closing ??= (async () => {
        try {
          await enqueue();
          await file.datasync();
        } catch (error) {
          throw describeFileFailure(error, path);
        } finally {
          clearTimeout(timer);
          await file.close();
        }
      })();
      return closing;
    },
  };
}

interface RepairedEnd {
  readonly size: number;
  readonly repairedBytes: number;
}

async function openLog(path: string): Promise<{ file: FileHandle; repaired: RepairedEnd }> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, constants.O_RDWR | constants.O_CREAT);
  try {
    return { file, repaired: await repairLastLine(file, path) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Ends the file after its last whole line: a record that lacks only its line break gets it. */
async function repairLastLine(file: FileHandle, path: string): Promise<RepairedEnd> {
  const { size } = await file.stat();
  let tail = Buffer.alloc(0);
  let start = size;
  while (start > 0) {
    const piece = Buffer.alloc(Math.min(start, 65_536));
    start -= piece.length;
    await file.read(piece, 0, piece.length, start);
    const breakAt = piece.lastIndexOf(NEWLINE);
    tail = Buffer.concat([piece.subarray(breakAt + 1), tail]);
    if (breakAt >= 0) break;
  }
  if (tail.length === 0) return { size, repairedBytes: 0 };
  // Zeros are what a file system may leave of a write that a power cut ended.
  if (tail[0] !== OPENING_BRACE && tail[0] !== 0) {
    throw new ValidationError(
      `${path}: the last line is not the beginning of a record, and is not cut off for that; is it a log? Give another path, or end the line`,
      { where: path },
    );
  }
  if (isWholeRecord(tail.toString())) {
    await file.write("\n", size);
    return { size: size + 1, repairedBytes: 0 };
  }
  await file.truncate(size - tail.length);
  return { size: size - tail.length, repairedBytes: tail.length };
}

function isWholeRecord(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

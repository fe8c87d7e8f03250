import type { JobSpec } from "../../runtime/job.js";

const COMMON_WORDS = 16; // those of assembly/language/linear/words.ts up to OFFSETS

/** The job of a product with a format's own argument words behind the common ones. */
export function withOwnWords(job: JobSpec, words: readonly number[]): JobSpec {
  return { ...job, params: [...job.params.slice(0, COMMON_WORDS), ...words] };
}

import type { SnapshotStore } from "../../stores/snapshot-store.js";
import { createModelSelector } from "./model-selector.js";
import type {
  ModelSelector,
  ModelSelectorOptions,
  ModelSelectorSnapshot,
} from "./model-selector-options.js";

/** Options of {@link openModelSelector}. */
export interface OpenModelSelectorOptions extends Omit<ModelSelectorOptions, "snapshot"> {
  /** Where the selector is kept: `createIndexedDbStore` in a page, `createFileStore` under Node. */
  readonly store: SnapshotStore;
  /** Under which key. @default "model-selector" */
  readonly key?: string;
}

/** A {@link ModelSelector} that a store keeps. */
export interface StoredModelSelector extends ModelSelector {
  /**
   * Keeps what was learnt; calls take turns.
   *
   * @throws StoreConflictError when another page or process has saved in the meantime: open the selector again
   */
  save(): Promise<void>;
}

/**
 * Opens a selector where it was left, or begins one: {@link createModelSelector} with a store for its snapshots.
 *
 * @example
 * import { createMemoryStore } from "@edgewright/bandit";
 * import { openModelSelector } from "@edgewright/bandit/qoe";
 *
 * const store = createMemoryStore(); // createIndexedDbStore in a page
 * const variants = ["small", "large"].map((model) => ({ task: "classify", model, precision: "int8" }));
 * const selector = await openModelSelector({ store, variants, seed: 1 });
 * const { id, variant, ask } = selector.choose();
 * if (ask) selector.thumbsUp(id);
 * await selector.save();
 *
 * @throws as {@link createModelSelector}, and what the store rejects with
 */
export async function openModelSelector(
  options: OpenModelSelectorOptions,
): Promise<StoredModelSelector> {
  const { store, key = "model-selector", ...rest } = options;
  const found = await store.load(key);
  const snapshot = found?.value as ModelSelectorSnapshot | undefined;
  const selector = createModelSelector({ ...rest, snapshot });
  let revision = found?.revision;
  let running: Promise<void> = Promise.resolve();
  return {
    ...selector,
    save() {
      const saved = running.then(async () => {
        revision = await store.save(key, selector.snapshot(), { revision });
      });
      // One that fails must not stop the next.
      running = saved.catch(() => {});
      return saved;
    },
  };
}

// A worker that adds to a sum in the database it is told of, for the tests of the IndexedDB store.
import { createIndexedDbStore } from "./indexed-db-store.js";
import { updateStore } from "./update-store.js";

self.onmessage = async ({ data }: MessageEvent<{ name: string; times: number }>) => {
  const store = createIndexedDbStore({ name: data.name });
  for (let i = 0; i < data.times; i++) {
    await updateStore(store, "sum", (sum) => ((sum as number | undefined) ?? 0) + 1);
  }
  await store.close();
  self.postMessage("done");
};

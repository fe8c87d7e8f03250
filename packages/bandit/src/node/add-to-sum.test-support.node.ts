// A process that adds to a sum in a folder, for the tests of the file store: <folder> <times> [die holding the lock].

import { updateStore } from "../stores/update-store.js";
import { takeFileLock } from "./file-lock.js";
import { createFileStore } from "./file-store.js";

const [folder, times, lockToDieWith] = process.argv.slice(2) as [string, string, string?];
const store = createFileStore({ folder, durable: false });
for (let i = 0; i < Number(times); i++) {
  await updateStore(store, "sum", (sum) => ((sum as number | undefined) ?? 0) + 1);
}
if (lockToDieWith) {
  const onRecovery = async (): Promise<void> => undefined;
  await takeFileLock(lockToDieWith, { timeoutMs: 5000, staleMs: 5000, onRecovery });
  process.kill(process.pid, "SIGKILL");
}

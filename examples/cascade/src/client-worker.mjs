// `--import tsx` does not reach the threads of Node 20, so each registers it for itself.
import { register } from "tsx/esm/api";

register();
await import("./client-worker.ts");

// Device profiles out of the published tables in a folder.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DeviceProfile } from "@edgewright/core";
import { importDeviceTable } from "@edgewright/device-bench";
import type { BenchContext } from "../../context.js";

const { env } = process;
const SHARED =
  env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));

/** The profiles of one table of the folder that `--profiles` names; undefined, and said so, where it is not there. */
export function loadProfiles(context: BenchContext, table: string): DeviceProfile[] | undefined {
  const folder = String(context.values.profiles ?? join(SHARED, "data", "profiles"));
  const file = join(folder, table);
  if (!existsSync(file)) {
    context.log(`${file} is not there: name the folder with --profiles <dir>`);
    return undefined;
  }
  const models = join(folder, "qualcomm-aihub-models.json");
  return importDeviceTable(readFileSync(file, "utf8"), {
    file: table,
    ...(existsSync(models) ? { models: readFileSync(models, "utf8") } : {}),
  });
}

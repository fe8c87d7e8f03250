import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

// That it compiles to the same bytes is compared by `pnpm check embedded`, which takes seconds.
it("the embedded module was made from assembly/panels.ts as it is", () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const hash = createHash("sha256").update(read("../../assembly/panels.ts")).digest("hex");
  expect(read("panel-module.ts")).toContain(`the SHA-256 ${hash}.`);
});

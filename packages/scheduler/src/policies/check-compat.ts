import { EdgewrightError } from "@edgewright/core";

/** @throws EdgewrightError `invalid-argument` for another word, which would otherwise count as `"fixed"` */
export function checkCompat(where: string, compat: string): void {
  if (compat === "fixed" || compat === "reference") return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: compat "fixed" or "reference" was expected, got "${compat}"`,
  );
}

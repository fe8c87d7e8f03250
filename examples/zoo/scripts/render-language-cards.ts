/** Writes the language models' cards for people again, from those for programs. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type LanguageCard, renderLanguageCard } from "../src/language/language-card.js";
import { languageModels } from "../src/language/language-models.js";

for (const { card } of languageModels()) {
  const facts = JSON.parse(await readFile(card, "utf8")) as LanguageCard;
  await writeFile(fileURLToPath(card).replace(/json$/, "md"), renderLanguageCard(facts));
}

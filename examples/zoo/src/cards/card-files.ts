import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Card } from "./card.js";
import { renderCard, renderCardTable } from "./render-card.js";

const BEGIN = "<!-- cards: written by pnpm zoo:train -->";
const END = "<!-- end of cards -->";

/** Writes a card beside its checkpoint: `.md` for people, `.json` for programs. */
export async function writeCard(folder: string, card: Card): Promise<void> {
  await writeFile(join(folder, `${card.name}.md`), renderCard(card));
  await writeFile(join(folder, `${card.name}.json`), `${JSON.stringify(card, null, 2)}\n`);
}

/** All cards in a folder, the cheapest model first. */
export async function readCards(folder: string): Promise<Card[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".json"));
  const cards = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(folder, file), "utf8")) as Card),
  );
  return cards.sort(
    (a, b) => (a.variant.macs ?? 0) - (b.variant.macs ?? 0) || (a.name < b.name ? -1 : 1),
  );
}

/** Puts the table of cards into the text of a README, between its two marks. */
export function insertCardTable(readme: string, cards: readonly Card[]): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`the README has lost its marks "${BEGIN}" and "${END}"`);
  }
  const head = readme.slice(0, begin + BEGIN.length);
  return `${head}\n\n${renderCardTable(cards)}\n\n${readme.slice(end)}`;
}

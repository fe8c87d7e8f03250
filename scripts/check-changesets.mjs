// A package that has never been released (0.0.0) needs a changeset that releases it; later changes need
// one too, which reviewers see to: a script cannot tell a visible change from an invisible one.
import { readdirSync, readFileSync } from "node:fs";

const notes = readdirSync(".changeset")
  .filter((file) => file.endsWith(".md") && file !== "README.md")
  .map((file) => readFileSync(`.changeset/${file}`, "utf8"));
const known = new Set();
const missing = [];
for (const folder of readdirSync("packages")) {
  const { name, version } = JSON.parse(readFileSync(`packages/${folder}/package.json`, "utf8"));
  known.add(name);
  const announced = notes.some((note) => new RegExp(`^["']${name}["']:`, "m").test(note));
  if (version === "0.0.0" && !announced) missing.push(name);
}
const strangers = notes
  .flatMap((note) =>
    [...note.matchAll(/^["'](@edgewright\/[^"']+)["']:/gm)].map((match) => match[1]),
  )
  .filter((name) => !known.has(name));
for (const name of missing) console.error(`${name}: unreleased and without a changeset`);
for (const name of strangers)
  console.error(`${name}: a changeset names it, but there is no such package`);
process.exit(missing.length + strangers.length === 0 ? 0 : 1);

import type { CompletedTask } from "../tasks/completed-task.js";
import { escapeMarkup } from "./markup.js";
import { resolveWindow } from "./time-window.js";
import { type DrawTimelineOptions, drawTimeline } from "./timeline-svg.js";

/** One run of {@link createTimelinePage}. */
export interface TimelineRun {
  /** For example the name of the policy. */
  readonly name: string;
  readonly tasks: readonly CompletedTask[];
  /** Figures to show with it, ready for people. @default none */
  readonly figures?: Readonly<Record<string, string>>;
}

/** Options of {@link createTimelinePage}. */
export interface TimelinePageOptions extends Omit<DrawTimelineOptions, "title"> {
  /** @default "Timeline" */
  readonly title?: string;
  /** A sentence below the title: where the runs come from, and the command. @default none */
  readonly note?: string;
}

/**
 * A page without outside parts that shows runs one below the other on the same axis of time, light or dark as the
 * reader prefers.
 *
 * @example
 * ```ts
 * declare const fcfs: CompletedTask[], dysta: CompletedTask[];
 * const page = createTimelinePage([{ name: "fcfs", tasks: fcfs }, { name: "dysta", tasks: dysta }], { to: 2 });
 * ```
 *
 * @throws EdgewrightError `invalid-argument` without runs, when a run has no tasks, or the window is empty
 */
export function createTimelinePage(
  runs: readonly TimelineRun[],
  options: TimelinePageOptions = {},
): string {
  const { title = "Timeline", note, ...drawing } = options;
  // One axis for all runs.
  const all = runs.flatMap(({ tasks }) => tasks);
  const { from, to } = resolveWindow(all, drawing, "createTimelinePage");
  const sections = runs.map(({ name, tasks, figures = {} }) => {
    const cells = Object.entries(figures)
      .map(
        ([key, value]) => `<div><dt>${escapeMarkup(key)}</dt><dd>${escapeMarkup(value)}</dd></div>`,
      )
      .join("");
    const picture = drawTimeline(tasks, { ...drawing, from, to, title: name });
    return `<section><h2>${escapeMarkup(name)}</h2><dl>${cells}</dl><div class="scroll">${picture}</div></section>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${STYLE}</style>
</head>
<body><main>
<h1>${escapeMarkup(title)}</h1>
${note === undefined ? "" : `<p>${escapeMarkup(note)}</p>`}
${sections.join("\n")}
</main></body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --paper: #fbfaf8; --ink: #1e2226; --soft: #626b74; --rule: #dfe2e5; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #e8eaec; --soft: #9aa4ae; --rule: #2d3338; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1160px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 32px 0 6px; } p { color: var(--soft); margin: 4px 0 0; }
dl { display: flex; flex-wrap: wrap; gap: 4px 28px; margin: 0 0 10px; } dl div { display: flex; gap: 8px; align-items: baseline; }
dt { color: var(--soft); font-size: 0.8125rem; } dd { margin: 0; font-weight: 650; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } .scroll svg { display: block; width: 100%; min-width: 640px; height: auto; }
`;

import { drawLearningCurves } from "@edgewright/bandit/report";
import {
  alwaysAskingPlayer,
  askingPlayer,
  type ChosenVariants,
  type VariantPick,
  type VariantPlayer,
} from "../variants/chosen-variants.js";
import { formatMs, formatPercent } from "./format.js";
import { type Html, html, rawHtml } from "./html.js";
import type { ReportData } from "./report-data.js";

/** The learning curve of the bandit that chooses among the zoo's models, and what it chose for whom. */
export function renderVariantSection({ chosen, setting, zoo }: ReportData): Html {
  if (!chosen || !zoo) return html``;
  const { rounds, runs, users, devices, pictures, players, userTypes, picks } = chosen;
  return html`<section>
  <h2>Which model suits whom, learnt from thumbs</h2>
  <p class="note">@edgewright/bandit chose among the ${zoo.models.length} models for ${users} people on ${devices.length}
  devices, ${rounds} times in each of ${runs} runs, each time for somebody else, and learnt from a thumb up or down.
  <b>Measured</b>, above: accuracies, sizes, and the times on this machine (${setting.machine}); an album is ${pictures} times
  one picture. <b>Simulated</b>: the people and their thumbs; the other devices, whose times are this machine's times the
  factor by which ncnn’s published benchmark has them slower (or faster) than a server.</p>
  <figure class="curves">${drawCurves(chosen)}
  <figcaption>Regret: what the best model for each person on each device would have earned more, summed up; mean of
  ${runs} runs with 95 % intervals. ${describeLearning(chosen)}</figcaption></figure>
  <div class="scroll"><table class="zoo">
    <caption>Quality of experience, 0 to 1, over all choices and over the last tenth</caption>
    <thead><tr><th>Who chooses</th><th class="number">All</th><th class="number">At the end</th><th class="number wide">Regret</th><th class="number">Questions</th></tr></thead>
    <tbody>${players.map((player) => renderPlayer(player, chosen))}
    <tr><td>the best for all (knows everybody’s taste)</td><td class="number">${chosen.oracleQoe.toFixed(3)}</td><td class="number">${chosen.oracleQoe.toFixed(3)}</td><td class="number wide">0</td><td class="number">none</td></tr></tbody>
  </table></div>
  <h3>What LinUCB chose in the end</h3>
  <p class="note">The model chosen most in the last fifth of each run by the LinUCB that asks when unsure, with its share of
  the choices. People of a kind differ a little, so that the best model may differ among them; in brackets how much of
  the best possible quality of experience all these choices had.</p>
  <div class="scroll"><table class="zoo picks">
    <thead><tr><th>Device</th><th class="number wide">An album takes</th>${userTypes.map((type) => html`<th>${type}</th>`)}</tr></thead>
    <tbody>${devices.map(
      ({ name, isReal, factor, albumMs: [least, most] }, device) =>
        html`<tr><td>${name}<br><small>${isReal ? "measured" : `simulated, × ${factor.toFixed(factor < 10 ? 1 : 0)}`}</small></td><td class="number wide">${formatMs(least)} to ${formatMs(most)}</td>${picks[device]!.map(renderPick)}</tr>`,
    )}</tbody>
  </table></div>
</section>`;
}

/** What learning brought, in a sentence. */
export function describeLearning(chosen: ChosenVariants): string {
  const asking = askingPlayer(chosen);
  const always = alwaysAskingPlayer(chosen);
  const asked = asking.askedShare ?? 1;
  return (
    `Asking only when unsure took ${formatPercent(asked)} of the questions, saved ${formatPercent(1 - asked)}, ` +
    `and kept ${formatPercent(asking.qoe.mean / always.qoe.mean)} of the quality of experience.`
  );
}

function drawCurves({ players }: ChosenVariants): Html {
  const draw = (width: number, height: number): string =>
    drawLearningCurves(
      players.map(({ regret }) => regret),
      {
        ...{ width, height, fromZero: true },
        ...{ title: "Regret over choices", yLabel: "cumulative regret", xLabel: "choices" },
      },
    );
  return html`<div class="at-large">${rawHtml(draw(860, 360))}</div><div class="at-small">${rawHtml(draw(330, 330))}</div>`;
}

function renderPlayer(
  { name, learns, qoe, finalQoe, regret, askedShare }: VariantPlayer,
  { rounds }: ChosenVariants,
): Html {
  const questions =
    askedShare === undefined ? "none" : `${Math.round(askedShare * rounds)} of ${rounds}`;
  return html`<tr class="${learns && /Lin/.test(name) ? "learner" : ""}"><td>${name}</td><td class="number">${qoe.mean.toFixed(3)}</td><td class="number">${finalQoe.toFixed(3)}</td><td class="number wide">${(regret.mean.at(-1) ?? 0).toFixed(0)}</td><td class="number">${questions}</td></tr>`;
}

function renderPick({ variant, share, qoe, bestQoe }: VariantPick): Html {
  return html`<td>${variant}<br><small>${Math.round(100 * share)} % (${Math.round((100 * qoe) / bestQoe)} %)</small></td>`;
}

import type { ManagerEvent } from "@edgewright/scheduler";
import type { ServedRequests } from "../schedule/served-requests.js";
import { formatMs, formatPercent } from "./format.js";
import { type Html, html, rawHtml } from "./html.js";
import type { ReportData } from "./report-data.js";

/** The plan, how the requests fared, what the manager did, and a picture of the busy moment. */
export function renderScheduleSection({ served, setting }: ReportData): Html {
  if (!served) return html``;
  const { objectives, designs, phases, events, policy, timeline } = served;
  return html`<section>
  <h2>Two tasks at once, planned and scheduled</h2>
  <p class="note">@edgewright/scheduler chose these designs for this machine under “${objectives}”. Then lines of
  the page and albums of 32 pictures came at random, were interleaved layer by layer on one thread by the policy
  ${policy}, and had ten times their time alone as a deadline. While more requests waited than the processor could
  serve, the run-time manager let a lighter model sort the pictures. Measured on ${setting.machine},
  ${setting.software}.</p>
  <div class="plans">
    <table class="stages"><thead><tr><th>design</th><th>sorts pictures</th><th class="number">right</th><th class="number">an album</th></tr></thead>
    <tbody>${designs.map(
      ({ roles, model, accuracy, albumMs }) =>
        html`<tr><td>${roles.join(", ")}</td><td>${model}</td><td class="number">${formatPercent(accuracy)}</td><td class="number">${formatMs(albumMs)}</td></tr>`,
    )}</tbody></table>
    <table class="stages"><thead><tr><th>stretch</th><th class="number">requests</th><th class="number">late</th><th class="number">95 % within</th><th class="number">right</th></tr></thead>
    <tbody>${phases.map(
      ({ name, requests, violations, p95Ms, accuracy }) =>
        html`<tr><td>${name}</td><td class="number">${requests}</td><td class="number">${violations}</td><td class="number">${formatMs(p95Ms)}</td><td class="number">${formatPercent(accuracy)}</td></tr>`,
    )}</tbody></table>
  </div>
  <figure class="timeline-frame">${rawHtml(timeline)}
  <figcaption>The moment when the rush began: above what ran on the thread, below every request from its arrival to
  its end, thick where its layers ran, with a tick at its deadline.</figcaption></figure>
  <ul class="events">${events.map((event) => html`<li>${describeEvent(event, served)}</li>`)}</ul>
</section>`;
}

/** One event in words, with its time. */
export function describeEvent(event: ManagerEvent, { designs }: ServedRequests): string {
  const at = `${Math.max(0, event.at / 1000).toFixed(2)} s`;
  switch (event.kind) {
    case "switch":
      return event.from === event.to
        ? `${at}: began with ${designs[event.to]!.model}`
        : `${at}: changed to ${designs[event.to]!.model} (${event.change}, ${formatMs(event.tookMs)})`;
    case "trouble":
      return `${at}: ${event.signal} ${Math.round(event.value)}, ${event.troubled ? "too many" : "few enough again"}`;
    default:
      return `${at}: ${event.kind}`;
  }
}

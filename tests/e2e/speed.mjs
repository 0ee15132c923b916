// How quick the published page is, as a table: `cargo xtask speed`. Not a
// test: a time on somebody's clock passes or fails nothing here.
//
// A frame counts with its script and the layout that follows from it, which is
// forced at its end so that it falls into the measured time.

import { readFile } from "node:fs/promises";
import { DESKTOP, open } from "./browser.mjs";
import { Reader } from "./reader.mjs";

const GUESTS = 200;
const PLAY_MS = 20_000;
const SEEKS = 60;
const FRAME_MS = 1000 / 60;

/** Many guests, each with an order now and then. */
function crowd() {
  const lines = ["onechef scenario 1", "title   A full house", "seed    1"];
  for (let i = 0; i < GUESTS; i += 1) lines.push(`client  g${i}`);
  for (let i = 0; i < GUESTS; i += 1) lines.push(`at ${1 + Math.floor(i / 20)}ms g${i} connects`);
  for (let round = 0; round < 5; round += 1) {
    for (let i = 0; i < GUESTS; i += 1) {
      lines.push(`at ${20 + round * 40 + ((i * 7) % 37)}ms g${i} sends SET key${i % 40} ${round}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function measureFrames() {
  const frames = (window.__frames = []);
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (draw) =>
    ask((time) => {
      const began = performance.now();
      draw(time);
      document.documentElement.getBoundingClientRect();
      document.getElementById("stage")?.getBoundingClientRect();
      frames.push(performance.now() - began);
    });
  const watch = new MutationObserver(() => {
    if (window.__usable === undefined && document.querySelector("#stage svg")) {
      window.__usable = performance.now();
    }
  });
  watch.observe(document, { childList: true, subtree: true });
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const ms = (value) => `${value.toFixed(1)} ms`;
const rows = [];
const row = (what, seen, goal) => rows.push([what, seen, goal]);

async function opening(browser, base) {
  const times = [];
  for (let i = 0; i < 5; i += 1) {
    const context = await browser.newContext({ viewport: DESKTOP });
    const page = await context.newPage();
    await page.addInitScript(measureFrames);
    await page.goto(base);
    await page.waitForFunction(() => window.__usable !== undefined);
    times.push(await page.evaluate(() => window.__usable));
    await context.close();
  }
  times.sort((a, b) => a - b);
  row("opening, cold cache, median of 5", ms(times[2]), "at most 1000 ms");
}

async function playing(browser, base) {
  const page = await browser.newPage({ viewport: DESKTOP });
  await page.addInitScript(measureFrames);
  const reader = new Reader(page, base);
  await reader.open("/");
  await reader.drop("crowd.scenario", crowd());
  // Past the arrivals: everybody is seated.
  const end = Number(await page.locator("#scrub").getAttribute("max"));
  await reader.seek(Math.floor(end / 3));
  await page.evaluate(() => (window.__frames.length = 0));
  await page.locator("#play").click();
  await page.waitForTimeout(PLAY_MS);
  await page.locator("#play").click();
  const frames = (await page.evaluate(() => window.__frames)).sort((a, b) => a - b);
  const over = frames.filter((frame) => frame > FRAME_MS).length / frames.length;
  const spread = [0.5, 0.95, 0.99].map((share) => ms(at(frames, share))).join(" / ");
  row(`frames with ${GUESTS} guests, of ${frames.length}: p50 / p95 / p99`, spread, "");
  row("frames over 16.7 ms of script and layout", `${(over * 100).toFixed(1)} %`, "at most 5 %");
  await page.close();
}

async function seeking(browser, base, trace) {
  const page = await browser.newPage({ viewport: DESKTOP, reducedMotion: "reduce" });
  await page.addInitScript(measureFrames);
  const reader = new Reader(page, base);
  await reader.open("/");
  await reader.drop("long.ndjson", await readFile(trace, "utf8"));
  const times = await page.evaluate((seeks) => {
    const scrub = document.getElementById("scrub");
    const end = Number(scrub.max);
    const times = [];
    for (let i = 0; i < seeks; i += 1) {
      // The golden ratio visits a line evenly and never in order.
      scrub.value = String(Math.floor(((i * 0.6180339887) % 1) * end));
      const began = performance.now();
      scrub.dispatchEvent(new Event("input", { bubbles: true }));
      document.documentElement.getBoundingClientRect();
      times.push(performance.now() - began);
    }
    return { end, times };
  }, SEEKS);
  const sorted = times.times.sort((a, b) => a - b);
  const seen = `${ms(at(sorted, 0.5))} / ${ms(sorted.at(-1))}`;
  row(`seeking in ${times.end} events: p50 / worst of ${SEEKS}`, seen, "at most 50 ms");
  const heap = await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
  row("memory of the page meanwhile (JavaScript's heap)", `${(heap / 1e6).toFixed(1)} MB`, "");
  await page.close();
}

const { browser, base, close } = await open();
try {
  await opening(browser, base);
  await playing(browser, base);
  if (process.argv[2]) await seeking(browser, base, process.argv[2]);
} finally {
  await close();
}
const widths = [0, 1].map((i) => Math.max(...rows.map((cells) => cells[i].length)));
for (const [what, seen, goal] of rows) {
  console.log(`${what.padEnd(widths[0])}  ${seen.padEnd(widths[1])}  ${goal}`.trimEnd());
}

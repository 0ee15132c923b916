// Every chapter of the tour from its first step to its last: by pointer, with
// a picture of each step in target/pictures/chapters for a person to look at,
// and by keyboard alone with the drawing hidden.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { read } from "./read.mjs";

const FOLDER = fileURLToPath(new URL("../../target/pictures/chapters/", import.meta.url));

/** In the order in which they are told, with how many steps each has. */
const CHAPTERS = [
  ["one-chef", 8],
  ["door-bell", 7],
  ["notepad", 7],
  ["order-flag", 6],
  ["reading", 7],
  ["heat-rack", 7],
  ["final-sweep", 6],
  ["goes-wrong", 10],
  ["slow-dish", 7],
  ["waiters", 7],
  ["cost", 6],
];

/** Longer than the way through all of the page's stops. */
const STOPS_LIMIT = 160;

const tour = (page) => page.locator("#tour");

/** The present step's sentence and where the playhead is. */
async function present(reader, page) {
  return { says: await tour(page).locator(".says").innerText(), place: await reader.place() };
}

/** What was met on the way through a chapter adds up. */
function judge(met, count) {
  assert.equal(met.length, count);
  assert.equal(new Set(met.map((step) => step.says)).size, count, "each step says something else");
  assert.ok(met.every((step, i) => i === 0 || step.place >= met[i - 1].place), "never back in time");
}

async function picture(page, name) {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.activeElement.blur());
  await page.screenshot({ path: `${FOLDER}${name}.png` });
}

await mkdir(FOLDER, { recursive: true });

for (const [index, [slug, count]] of CHAPTERS.entries()) {
  const number = String(index + 1).padStart(2, "0");

  read(`${slug}, by pointer`, { reducedMotion: "reduce", path: "/#tour" }, async (reader, page) => {
    await tour(page).locator(".chapters a").nth(index).click();
    const met = [];
    for (let step = 1; step <= count; step += 1) {
      await reader.settled();
      assert.equal(await page.evaluate(() => location.hash), `#tour/${slug}/${step}`);
      met.push(await present(reader, page));
      await page.locator("#cue:not([hidden])").waitFor();
      await picture(page, `${number}-${slug}-${step}`);
      if (await tour(page).locator("[data-act=reveal]").count()) {
        await tour(page).locator("input[type=radio]").last().click();
        await tour(page).locator("[data-act=reveal]").click();
        assert.match(await tour(page).locator(".verdict").innerText(), /^(Yes|Not this time): /);
        await picture(page, `${number}-${slug}-${step}-answered`);
      }
      if (step < count) await tour(page).locator(".walk .pri").click();
    }
    judge(met, count);
    await tour(page).locator("[data-act=prepare]").click();
    await reader.settled();
    await picture(page, `${number}-${slug}-try`);
  });

  read(`${slug}, by keyboard with the drawing hidden`, { reducedMotion: "reduce", path: "/#tour" }, async (reader, page) => {
    await page.addStyleTag({ content: "#stage svg, #cue { display: none !important }" });
    await tabTo(page, (slug) => document.activeElement.matches(`#tour .chapters a[href="#tour/${slug}/1"]`), slug);
    await page.keyboard.press("Enter");
    const met = [];
    for (let step = 1; step <= count; step += 1) {
      await reader.settled();
      assert.equal(await page.evaluate(() => location.hash), `#tour/${slug}/${step}`);
      met.push(await present(reader, page));
      await twin(page);
      if (await tour(page).locator("[data-act=reveal]").count()) await predict(page);
      if (step === count) break;
      await tabTo(page, () => document.activeElement.matches("#tour .walk .pri"));
      await page.keyboard.press("Enter");
    }
    judge(met, count);
    await tabTo(page, () => document.activeElement.matches("#tour [data-act=prepare]"));
    await page.keyboard.press("Enter");
    await reader.settled();
    assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY", "the focus is not lost");
  });
}

/** Tabs on until the focus is where `there` says. */
async function tabTo(page, there, about) {
  for (let stop = 0; stop < STOPS_LIMIT; stop += 1) {
    if (await page.evaluate(there, about)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`not reached by Tab: ${there}`);
}

/** Answers the step's question without a pointer. */
async function predict(page) {
  await tabTo(page, () => document.activeElement.matches("#tour input[type=radio]"));
  await page.keyboard.press("Space");
  await tabTo(page, () => document.activeElement.matches("#tour [data-act=reveal]"));
  await page.keyboard.press("Enter");
  assert.match(await tour(page).locator("[role=status]").innerText(), /See event/);
}

/** What the drawing shows is told in words too: the drawing's own description,
 * the step's sentence, and what happens at this moment. */
async function twin(page) {
  const told = await page.evaluate(() => ({
    drawing: document.querySelector("#stage [role=img]").getAttribute("aria-label"),
    live: document.getElementById("live").textContent,
    narration: document.getElementById("narration").textContent,
  }));
  assert.ok(told.drawing.length > 20, "the drawing is described");
  assert.match(told.live, /Step \d+ of \d+/);
  assert.ok(told.narration.length > 10, "the moment is told");
}

// The same orders in other kitchens: asked for, told in words and figures, and
// said to be unknown where it is.

import assert from "node:assert/strict";
import { axe } from "./axe.mjs";
import { PHONE } from "./browser.mjs";
import { read } from "./read.mjs";

const rows = async (page) => {
  const texts = await page.locator(".designs tbody").allInnerTexts();
  return texts.map((text) => text.replace(/\s+/g, " "));
};

read("a slow dish keeps everybody waiting in every kitchen with one key", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?scenario=slow-dish");
  await reader.panel("Counters");
  assert.equal(await page.locator(".designs table").count(), 0, "nothing is worked out before somebody asks");
  await page.locator("#designs").focus();
  await reader.press("Enter");
  const told = await rows(page);
  assert.equal(told.length, 5);
  assert.match(told[0], /^one chef 29\./);
  assert.match(told[1], /^one chef, 3 waiters \(not called\) 29\./);
  assert.match(told[2], /^3 cooks, one grill, one pantry key 29\./);
  assert.match(told[4], /^3 cooks, 4 grills, no key needed \d+ µs/);
  await page.locator("#designs").focus();
  await reader.press("Enter");
  assert.equal(await page.locator(".designs table").count(), 0);
});

read("a change of the run is a change of the figures", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?scenario=two-guests");
  await reader.panel("Counters");
  await page.locator("#designs").click();
  assert.match(await page.locator(".designs .note1").first().innerText(), /^2 orders/);
  await reader.seek(9999);
  await page.locator("#command").fill("GET price");
  await page.keyboard.press("Enter");
  await reader.settled();
  assert.match(await page.locator(".designs .note1").first().innerText(), /^3 orders/);
});

read("the last chapter leads there, in Redis's words and in German", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?terms=redis#tour/cost/6");
  await page.locator("#tour [data-act=designs]").focus();
  await reader.press("Enter");
  assert.equal(await page.getByRole("tab", { name: "Counters" }).getAttribute("aria-selected"), "true");
  assert.equal(await page.evaluate(() => document.activeElement.id), "designs");
  assert.match((await rows(page))[3], /^2 threads, 4 cores, one lock/);
  await page.locator("#language").selectOption("de");
  await page.getByText("in anderen Entwürfen").first().waitFor();
  assert.match((await rows(page))[3], /^2 Threads, 4 Kerne, eine Sperre/);
});

read("a recording has no prices to work with", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?scenario=first-guest");
  const text = (await reader.download("Trace")).body.toString("utf8");
  await reader.drop("own.ndjson", text);
  await reader.panel("Counters");
  await page.locator("#designs").click();
  assert.match(await page.locator(".designs").innerText(), /known of simulations only/);
});

for (const [colorScheme, viewport] of [["light", undefined], ["dark", PHONE]]) {
  read(`axe finds nothing in it: ${colorScheme}, ${viewport?.width ?? "desktop"}`, { colorScheme, viewport, reducedMotion: "reduce" }, async (reader, page) => {
    await reader.open("/?scenario=the-rush&at=9999");
    await reader.panel("Counters");
    await page.locator("#designs").click();
    assert.equal((await rows(page)).length, 5);
    await axe(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `the page is ${wide} px too wide`);
  });
}

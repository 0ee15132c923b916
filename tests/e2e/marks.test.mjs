// Moments that a reader marks: by key and by button, listed in words, walked
// along, carried by a link, and gone where the run became another one.

import assert from "node:assert/strict";
import { axe } from "./axe.mjs";
import { read } from "./read.mjs";

read("a moment is marked by key or button, and the keys walk from mark to mark", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?scenario=two-guests");
  await reader.stepUntil(/The chef carries/);
  const first = await reader.place();
  await reader.press("m");
  await reader.press("ArrowDown");
  const second = await reader.place();
  assert.ok(second > first);
  await reader.panel("Events");
  await page.locator("summary", { hasText: "Marked moments" }).click();
  const rows = page.locator(".marked .row");
  assert.equal(await rows.count(), 1);
  assert.match(await rows.first().innerText(), /The chef carries/);
  await page.getByRole("button", { name: "Mark this moment" }).click();
  assert.equal(await rows.count(), 2);
  assert.equal(await rows.nth(1).getAttribute("aria-current"), "step");
  assert.equal(await page.locator("#marks i").count(), 2);

  await reader.enterPlayer();
  await reader.press("Home");
  for (const [key, place] of [[".", first], [".", second], [".", second], [",", first], [",", first]]) {
    await reader.press(key);
    assert.equal(await reader.place(), place, key);
  }
  await axe(page);

  await reader.press("m");
  assert.equal(await rows.count(), 1);
  assert.equal(await page.locator("#marks i").count(), 1);
});

read("a link carries the marks, whatever run it is of", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?scenario=two-guests");
  await reader.seek(12);
  const early = await reader.place();
  await reader.seek(41);
  const late = await reader.place();
  await reader.open(`/?scenario=two-guests&marks=${late}.${early}.x.${late}`);
  await reader.panel("Events");
  await page.locator("summary", { hasText: "Marked moments" }).click();
  const rows = page.locator(".marked .row");
  assert.equal(await rows.count(), 2);
  await rows.first().click();
  assert.equal(await reader.place(), early);

  // An order at the later one makes a run of its own, the same up to there.
  await rows.nth(1).click();
  await page.locator("#command").fill("PING");
  await page.keyboard.press("Enter");
  await reader.settled();
  assert.equal(await rows.count(), 2);
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.waitForFunction(() => location.hash.startsWith("#run/1/"));
  const link = await page.evaluate(() => location.pathname + location.search + location.hash);
  assert.match(link, new RegExp(`[?&]marks=${early}\\.${late}&.*#run/1/${late}/`));
  await page.goto("about:blank");
  await reader.open(link);
  await page.waitForFunction((late) => document.querySelector("#scrub").value === String(late), late);
  await reader.panel("Events");
  assert.equal(await rows.count(), 2);
});

read("marks after a change in the past are forgotten, and another scenario has none", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?scenario=two-guests&marks=12.80");
  await reader.panel("Events");
  await page.locator("summary", { hasText: "Marked moments" }).click();
  const rows = page.locator(".marked .row");
  assert.equal(await rows.count(), 2);
  await reader.seek(30);
  await page.locator("#command").fill("PING");
  await page.keyboard.press("Enter");
  await reader.settled();
  assert.equal(await rows.count(), 1);
  await reader.choose("slow-dish");
  assert.equal(await rows.count(), 0);
  assert.equal(await page.locator("#marks i").count(), 0);
});

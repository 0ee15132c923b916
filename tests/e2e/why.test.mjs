// Why it is so, what is worth noticing, and where the time went: each leads to
// its moment, by keyboard too.

import assert from "node:assert/strict";
import { read } from "./read.mjs";

const STUCK = "/?scenario=slow-reader&at=118";

read("w asks, the chain leads back, and the answer stays while one walks it", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open(STUCK);
  const asked = await reader.place();
  await reader.enterPlayer();
  await reader.press("w");
  const causes = page.locator(".causes button");
  assert.match(await causes.first().innerText(), /No room at the table/);
  assert.match(await causes.last().innerText(), /stopped eating/);
  assert.match(await page.locator("#live").innerText(), /Why is this plate on the rack\? \d+ causes/);
  const marked = await page.locator("[data-because]").evaluateAll((all) => all.map((one) => one.id));
  assert.ok(marked.includes("rack:2") && marked.includes("seat:2"), marked.join());
  await causes.last().focus();
  await reader.press("Enter");
  assert.ok((await reader.place()) < asked, "the cause lies in the past");
  assert.match(await reader.narration(), /stops eating/);
  assert.match(await causes.last().innerText(), /here/);
  await page.getByRole("button", { name: "Go back there" }).click();
  assert.equal(await reader.place(), asked);
  await page.getByRole("button", { name: "Close" }).click();
  assert.equal(await causes.count(), 0);
  assert.equal(await page.locator("[data-because]").count(), 0);
});

read("a link carries the question, and opens with its answer", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open(`${STUCK}&why=plate:2`);
  const causes = page.locator(".causes button");
  assert.match(await causes.first().innerText(), /No room at the table/);
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.waitForURL(/&why=plate:2/);
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.waitForURL((url) => !url.search.includes("why"));
});

read("what is worth noticing leads to where it happened", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?scenario=slow-dish");
  await page.getByRole("tab", { name: "Events" }).click();
  await page.locator(".fold summary", { hasText: "Worth noticing" }).click();
  const wait = page.locator(".lints button", { hasText: "PING by guest 2 waited 29.01 ms behind DEBUG SLEEP" });
  await wait.click();
  await reader.settled();
  assert.match(await reader.narration(), /PING/);
});

read("lanes are a switch, and their numbers stand in the tables", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?scenario=slow-dish&at=95");
  assert.equal(await page.locator(".lanes").count(), 0);
  await page.getByRole("button", { name: /^Lanes/ }).click();
  const bar = page.getByRole("button", { name: /^2 PING: / });
  assert.match(await bar.getAttribute("aria-label"), /on the slip 29/);
  await bar.focus();
  await reader.press("Enter");
  assert.match(await reader.narration(), /PING/);
  assert.match(await reader.panel("Tables"), /Where each order's time went/);
});

read("whoever is chosen on the stage is chosen everywhere", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open("/?scenario=two-guests&at=60");
  await page.getByRole("tab", { name: "Events" }).click();
  assert.equal(await page.locator("#events [data-mine]").count(), 0);
  await page.locator("#stage [role=button][data-client='2']").focus();
  await reader.press("Enter");
  assert.equal(await page.locator("#console-guest").evaluate((list) => list.selectedOptions[0].text), "2 · bob");
  const mine = await page.locator("#events [data-mine]").allInnerTexts();
  assert.ok(mine.length > 0 && mine.every((row) => /2|bob/.test(row)), mine.join(" | "));
  assert.match(await reader.panel("Notepad"), /bob/);
  await page.getByRole("tab", { name: "Tables" }).click();
  assert.match((await page.locator("#tables .sel").allInnerTexts()).join(), /bob/);
  assert.equal(await page.locator("#stage .seln").count(), 1);
});

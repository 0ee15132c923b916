// A crowd that a reader lets in: its form, its load, and how it fared.

import assert from "node:assert/strict";
import { axe } from "./axe.mjs";
import { PHONE } from "./browser.mjs";
import { read } from "./read.mjs";

const STILL = { reducedMotion: "reduce" };

const source = async (reader) => (await reader.download("Scenario")).body.toString("utf8");

read("a crowd is let in by the clock, by keys alone, and its figures are shown", STILL, async (reader, page) => {
  await reader.open("/?scenario=two-guests&at=26");
  await page.locator("#crowd summary").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  assert.ok(await page.locator("#crowd-open").isChecked());
  await page.getByLabel("one order every").fill("200us");
  await page.getByLabel("guests", { exact: true }).fill("5");
  await page.getByLabel("orders in all").fill("20");
  await axe(page);
  await page.getByLabel("orders in all").press("Enter");
  await page.locator("#fork button").first().waitFor();
  assert.equal(await page.locator("#crowd").getAttribute("open"), null);
  const text = await source(reader);
  assert.match(text, /crowd +rush 5\n/);
  assert.match(text, /rush connects\n/);
  assert.match(text, /rush sends 20 x GET dish:<n> open every 200us\n/);
  await reader.enterPlayer();
  await page.keyboard.press("End");
  await reader.settled();
  const row = page.locator("#counters table.loads tbody");
  assert.match(await row.innerText(), /^rush\s*20 \/ 20 served\s/);
  await axe(page);
});

for (const viewport of [undefined, PHONE]) {
  read(`what is wrong in the crowd's form is said at its field: ${viewport?.width ?? "desktop"}`, { ...STILL, viewport }, async (reader, page) => {
    await reader.open("/?scenario=two-guests&at=26");
    const before = viewport ? "" : await source(reader);
    if (viewport) await page.locator("#more-acts").click();
    await page.locator("#crowd summary").click();
    const good = { "crowd-guests": "8", "crowd-requests": "80", "crowd-command": "GET dish:<n>", "crowd-time": "1ms" };
    for (const [id, wrong, said] of [
      ["crowd-guests", "1001", /expected from 1 to 1000 guests/],
      ["crowd-guests", "", /expected from 1 to 1000 guests/],
      ["crowd-requests", "many", /expected a number of requests/],
      ["crowd-command", "", /expected a command/],
      ["crowd-command", "GET <dish>", /in angle brackets/],
      ["crowd-time", "soon", /expected a time such as 3ms/],
      ["crowd-time", "", /expected a time such as 3ms/],
    ]) {
      await page.locator(`#${id}`).fill(wrong);
      await page.getByRole("button", { name: "Let them in" }).click();
      assert.match(await page.locator("#crowd-fault").innerText(), said, `${id} ${wrong}`);
      const field = page.locator(`#${id}`);
      assert.equal(await field.getAttribute("aria-invalid"), "true", `${id} ${wrong}`);
      assert.equal(await field.getAttribute("aria-describedby"), "crowd-fault");
      assert.equal(await page.evaluate(() => document.activeElement.id), id);
      assert.equal(await page.locator("[aria-invalid=true]").count(), 1);
      await field.fill(good[id]);
    }
    await axe(page);
    assert.ok(!(await page.locator("#fork button").first().isVisible()), "what was refused changed nothing");
    if (!viewport) assert.equal(await source(reader), before);
  });
}

read("the crowds' figures fit the narrowest panel in the longest words", { ...STILL, viewport: { width: 1280, height: 720 } }, async (reader, page) => {
  await reader.open("/?scenario=the-rush&at=9999&lang=de&terms=redis");
  await page.locator("#tab-counters").click();
  const table = page.locator("#counters table.loads");
  assert.equal(await table.locator("tbody").count(), 2);
  const wide = await table.evaluate((table) => table.scrollWidth - table.parentElement.clientWidth);
  assert.ok(wide <= 0, `${wide} px too wide`);
  for (const cell of await table.locator("td").all()) {
    assert.ok((await cell.evaluate((cell) => cell.getClientRects()[0].height)) < 30, await cell.innerText());
  }
});

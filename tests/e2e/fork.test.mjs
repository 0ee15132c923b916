// Changing anything: a packet cut at any byte, a connection half-closed or
// reset, garbage, the run's own text; and the run that was, side by side.

import assert from "node:assert/strict";
import { axe } from "./axe.mjs";
import { DESKTOP, PHONE } from "./browser.mjs";
import { read } from "./read.mjs";

const STILL = { reducedMotion: "reduce" };

const type = (page, command) => page.getByRole("textbox", { name: "Command" }).fill(command);

/** What the run's text says now. */
const source = async (reader) => (await reader.download("Scenario")).body.toString("utf8");

/** One of what folds out of "More…". */
async function more(page, name) {
  await page.locator("#acts-more summary").click();
  await page.locator("#acts-more").getByRole("button", { name: new RegExp(`^${name}`) }).click();
}

/** A gesture in the past of the first scenario of two guests. */
async function forked(reader, page) {
  await reader.open("/?scenario=two-guests&at=26");
  const place = await reader.place();
  await type(page, "ECHO fork");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.locator("#fork button").first().waitFor();
  return place;
}

read("a packet is cut before the byte that is clicked, or that is named", STILL, async (reader, page) => {
  await reader.open("/?scenario=two-guests&at=26");
  await type(page, "PING");
  assert.equal(await page.locator("#cut").inputValue(), "7");
  await page.locator("#wire [data-cut='3']").click();
  assert.equal(await page.locator("#cut").inputValue(), "3");
  await page.locator("#cut").fill("13");
  await page.locator("#cut").press("Tab");
  await page.getByRole("button", { name: "Send first part" }).click();
  await page.getByRole("button", { name: "Send rest" }).click();
  const text = await source(reader);
  assert.match(text, /raw "\*1\\r\\n\$4\\r\\nPING\\r"\n/, text);
  assert.match(text, /raw "\\n"\n/);
});

for (const [name, words] of [
  ["Half-close", /shuts down/],
  ["Reset", /resets/],
  ["Send garbage", /sends raw "\*nonsense/],
]) {
  read(`a guest can: ${name}`, STILL, async (reader, page) => {
    await reader.open("/?scenario=two-guests&at=26");
    await more(page, name);
    assert.match(await source(reader), words);
    await reader.enterPlayer();
    await reader.walk("Shift+ArrowRight", 60);
  });
}

read("original and fork stand side by side, the first difference marked", STILL, async (reader, page) => {
  const place = await forked(reader, page);
  const title = () => page.locator("#scenario").evaluate((list) => list.selectedOptions[0].text);
  const chosen = await title();
  await page.getByRole("button", { name: "Side by side" }).click();
  assert.equal(await page.locator("#was svg").count(), 1);
  assert.ok(await page.locator("#parting").isVisible());
  const told = () => page.locator("#told").innerText();
  assert.match(await told(), /same up to event \d+/);
  assert.equal(await page.locator("#told .differs").count(), 0, "not yet");
  const drawn = (id) => page.locator(`${id} [role=img]`).getAttribute("aria-label");
  assert.equal(await drawn("#was"), await drawn("#stage"));
  await page.getByRole("button", { name: "Go to the difference" }).click();
  await reader.settled();
  assert.ok((await reader.place()) > place);
  assert.notEqual(await page.locator("#told .differs").count(), 0);
  await reader.enterPlayer();
  await reader.stepUntil(/ECHO/);
  assert.notEqual(await drawn("#was"), await drawn("#stage"));
  const ids = await page.evaluate(() => [...document.querySelectorAll("[id]")].map((e) => e.id));
  assert.equal(new Set(ids).size, ids.length, "no id twice");
  await page.getByRole("button", { name: "To the original" }).click();
  assert.equal(await page.locator("#was svg").count(), 0);
  assert.equal(await title(), chosen);
});

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [DESKTOP, PHONE]) {
    read(`axe finds nothing side by side: ${colorScheme}, ${viewport.width} px`, { ...STILL, colorScheme, viewport }, async (reader, page) => {
      await forked(reader, page);
      await page.getByRole("button", { name: "Side by side" }).click();
      await page.getByRole("button", { name: "Go to the difference" }).click();
      await reader.settled();
      await axe(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${wide} px too wide`);
      assert.equal(await page.locator("#was svg").isVisible(), viewport === DESKTOP, "where it is narrow, the table tells");
    });
  }
}

read("the run's own text can be changed; a mistake names its place", STILL, async (reader, page) => {
  await reader.open("/?scenario=two-guests&at=26");
  await more(page, "Change the run");
  const text = page.locator("#run-source");
  const was = await page.locator("#run-source").inputValue();
  const written = was.replace("\nclient ", "\nset hz 100\nclient ").replace(/client +ana.*/, "client ana latency 5ms");
  await page.locator("#run-source").fill(written);
  assert.match(await text.inputValue(), /\nset hz 100\nclient \w+ latency 5ms\n/);
  await axe(page);
  const good = await text.inputValue();
  await text.fill(`${good}at noon ana closes\n`);
  await page.getByRole("button", { name: "Run it" }).click();
  assert.match(await page.locator("#rewrite-fault").innerText(), /line:\d+:4: expected a time/);
  await text.fill(good);
  await page.getByRole("button", { name: "Run it" }).click();
  assert.ok(!(await page.locator("#rewrite-dialog").isVisible()));
  await page.locator("#fork", { hasText: "Your own run" }).waitFor();
  await page.getByRole("button", { name: "Side by side" }).click();
  assert.match(await page.locator("#told").innerText(), /same up to event/);
});

read("any condition of a run is a field, and changing it runs it anew", STILL, async (reader, page) => {
  await reader.open("/?scenario=two-guests&at=26");
  await page.locator("#conditions summary").click();
  const delay = page.getByLabel("delay, one way");
  assert.equal(await delay.inputValue(), "");
  await delay.fill("3ms");
  await delay.press("Tab");
  await page.locator("#fork button").first().waitFor();
  await page.getByLabel("io-threads").fill("3");
  await page.getByLabel("io-threads").press("Tab");
  await page.getByLabel("a system call").fill("20us");
  await page.getByLabel("a system call").press("Tab");
  const before = await source(reader);
  assert.match(before, /client +ana latency 3ms/);
  assert.match(before, /set +io-threads 3/);
  assert.match(before, /cost +syscall 20us/);
  await page.locator("#conditions summary").click();
  assert.equal(await page.getByLabel("delay, one way").inputValue(), "3ms", "what holds is shown");
  await axe(page);
  await page.getByLabel("a system call").fill("soon");
  await page.getByLabel("a system call").press("Tab");
  assert.match(await page.locator("#answer").innerText(), /expected .*soon/);
  assert.equal(await source(reader), before, "what was refused changed nothing");
});

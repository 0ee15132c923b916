// Whoever comes for the first time hears the kitchen's words, and Redis's
// beside them once a run or a chapter has been seen to its end.

import assert from "node:assert/strict";
import { read } from "./read.mjs";

const terms = (page) => page.locator("html").getAttribute("data-terms");

read("the words drift after the first run, once, and nothing moves", { path: "/", firstVisit: true, reducedMotion: "reduce" }, async (reader, page) => {
  assert.equal(await terms(page), "kitchen");
  assert.ok(await page.getByRole("radio", { name: "Kitchen" }).isChecked());
  // What each thing stands for is learned before the first cycle all the same.
  assert.match(await page.locator("#card").innerText(), /Door bell listening socket[\s\S]*connSocketAcceptHandler/);
  const last = Number(await page.locator("#scrub").getAttribute("max"));
  await reader.seek(last - 3);
  const boxes = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("#stage svg [id]")].map((element) => [element.id, element.getAttribute("transform")]),
    );
  await reader.enterPlayer();
  await reader.press("End");
  assert.equal(await terms(page), "kitchen", "a leap is not seeing it");
  const before = await boxes();
  await reader.press("ArrowLeft");
  await reader.press("ArrowRight");
  assert.equal(await terms(page), "both");
  assert.match(await page.locator("#live").textContent(), /Redis’s words stand beside/);
  assert.deepEqual(await boxes(), before);
  await page.reload();
  await page.locator("#stage svg").first().waitFor();
  assert.equal(await terms(page), "both", "remembered");
});

read("words that the reader has chosen stay", { path: "/", firstVisit: true, reducedMotion: "reduce" }, async (reader, page) => {
  await page.getByRole("radio", { name: "Kitchen" }).focus();
  await reader.enterPlayer();
  await reader.press("3");
  await reader.press("1");
  await reader.press("End");
  await reader.press("ArrowLeft");
  await reader.press("ArrowRight");
  assert.equal(await terms(page), "kitchen");
});

read("a link to a moment shows both words, as it always did", { path: "/?scenario=two-guests&at=20", firstVisit: true, reducedMotion: "reduce" }, async (reader, page) => {
  assert.equal(await terms(page), "both");
});

read("a chapter's last step counts as its end", { path: "/#tour/slow-dish/6", firstVisit: true, reducedMotion: "reduce" }, async (reader, page) => {
  assert.equal(await terms(page), "kitchen");
  await page.evaluate(() => { location.hash = "#tour/slow-dish/7"; });
  await page.waitForFunction(() => document.documentElement.dataset.terms === "both");
});

read("a slow dish has a sign of its own above its cycle, and play can stop at it", { path: "/?scenario=slow-dish&at=1", reducedMotion: "reduce" }, async (reader, page) => {
  const marked = page.locator('#strip .cyc[aria-label*="slow dish"]');
  assert.equal(await marked.count(), 1);
  assert.match(await marked.getAttribute("aria-label"), /slow dish|slow command/);
  await page.locator("#stop summary").click();
  await page.locator('[data-stop="waited"]').check();
  await reader.enterPlayer();
  await page.locator("#speed").fill("3");
  await reader.enterPlayer();
  await page.keyboard.press(" ");
  await page.waitForFunction(() => document.querySelector("#player[data-playing]"));
  await page.waitForFunction(() => !document.querySelector("#player[data-playing]"));
  assert.match(await reader.narration(), /Done after 30/);
});

read("a jar past its date stands on the shelf until it is asked for", { path: "/?scenario=past-its-date&at=180", reducedMotion: "reduce" }, async (reader) => {
  assert.match(await reader.panel("Tables"), /soup[\s\S]*past its date/);
  await reader.seek(186);
  assert.match(await reader.narration(), /past its date/);
  assert.doesNotMatch(await reader.panel("Tables"), /past its date/);
});
